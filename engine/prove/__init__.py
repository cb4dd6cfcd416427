"""What makes the evidence hold: seal, signature, statement, approvals."""
