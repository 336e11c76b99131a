import json
import sys

import dpkt


def fields(frame):
    ethernet = dpkt.ethernet.Ethernet(frame)
    total = ethernet.type
    ip = ethernet.data
    transport = ip
    if isinstance(ip, dpkt.ip.IP):
        total += ip.ttl + ip.len + ip.p
    if isinstance(ip, (dpkt.ip.IP, dpkt.ip6.IP6)):
        transport = ip.data
    if isinstance(transport, dpkt.tcp.TCP):
        return total + transport.sport + transport.dport + transport.flags
    if isinstance(transport, dpkt.udp.UDP):
        total += transport.sport + transport.dport
    return total


print("ready", flush=True)
for _ in sys.stdin:
    units = 0
    total = 0
    with open(sys.argv[1], "rb") as file:
        for _, frame in dpkt.pcap.Reader(file):
            units += 1
            total += fields(frame)
    print(json.dumps({"units": units, "sum": total}), flush=True)
