"""Runs a program on a terminal of its own and hands its output on: python3 terminal.py PROGRAM [ARGUMENT ...]"""

import os
import pty
import sys

sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))
