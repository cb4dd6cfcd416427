"""What a run keeps of itself while it lasts: its journal, its outputs, what its steps say."""
