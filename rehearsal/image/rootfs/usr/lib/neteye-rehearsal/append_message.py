#!/usr/bin/python3
"""Stand-in for the mail that Icinga would send: a line of JSON in a file.

args: the file; what the message says is in variables MESSAGE_...
"""

import json
import os
import sys
import time

PREFIX = "MESSAGE_"
said = {n[len(PREFIX) :]: value for n, value in os.environ.items() if n.startswith(PREFIX)}
line = json.dumps({"time": time.time(), **said}, sort_keys=True) + "\n"
# one write, at the end: messages are sent side by side
descriptor = os.open(sys.argv[1], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
os.write(descriptor, line.encode())
