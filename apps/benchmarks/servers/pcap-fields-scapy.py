import json
import logging
import sys

logging.getLogger("scapy.runtime").setLevel(logging.ERROR)
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.l2 import Dot1Q, Ether
from scapy.layers.inet6 import IPv6
from scapy.utils import PcapReader


def fields(packet):
    total = packet[Ether].type
    if IP in packet:
        ip = packet[IP]
        total += ip.ttl + ip.len + ip.proto
    if TCP in packet:
        tcp = packet[TCP]
        return total + tcp.sport + tcp.dport + int(tcp.flags)
    if UDP in packet:
        udp = packet[UDP]
        total += udp.sport + udp.dport
    return total


print("ready", flush=True)
for _ in sys.stdin:
    units = 0
    total = 0
    with PcapReader(sys.argv[1]) as reader:
        for packet in reader:
            units += 1
            total += fields(packet)
    print(json.dumps({"units": units, "sum": total}), flush=True)
