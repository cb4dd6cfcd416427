"""What every upgrade of a NetEye cluster does, in the order of the files' numbers."""
