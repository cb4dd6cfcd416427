"""The upgrade of a NetEye cluster as steps that read like the guide: phases, and a version step."""
