# whole-process.py COMMAND ...: runs the command to its end; prints its processor time, wall time and greatest memory.
import json
import os
import subprocess
import sys
import time

begun = time.monotonic()
child = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
_, status, used = os.wait4(child.pid, 0)
print(
    json.dumps(
        {
            "status": status,
            "processor": used.ru_utime + used.ru_stime,
            "wall": time.monotonic() - begun,
            "memory": used.ru_maxrss / 1024,
        }
    ),
    flush=True,
)
