# scapy-capture.py PORT: captures datagrams to PORT on lo; prints a line when it does, and on SIGTERM how many it got.
import signal
import sys

from scapy.all import IP, UDP, sniff

count = 0
total = 0


def see(packet):
    global count, total
    count += 1
    total += len(packet) + packet[IP].ttl + packet[UDP].sport


def end(*_):
    print(count, "packets captured,", total, flush=True)
    sys.exit(0)


signal.signal(signal.SIGTERM, end)
sniff(
    iface="lo",
    filter=f"udp dst port {sys.argv[1]}",
    store=False,
    prn=see,
    started_callback=lambda: print("listening", flush=True),
)
