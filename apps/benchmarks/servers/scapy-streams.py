# scapy-streams.py FILE: puts the TCP streams of a capture in order with TCPSession; prints how many packets it read.
import sys

from scapy.all import TCPSession, sniff

count = 0


def see(_):
    global count
    count += 1


sniff(offline=sys.argv[1], session=TCPSession, store=False, prn=see)
print(count)
