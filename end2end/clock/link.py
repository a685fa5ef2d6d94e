"""A bad network between two network namespaces: two TUN devices and this process in between.

    link.py --namespace PAGE --out-ms 40 --back-ms 40 --jitter-ms 10 --loss 0.01

The near device stays in the namespace that this runs in (10.99.0.1), the far one moves into PAGE (10.99.0.2). Every packet
is delayed by its way's time plus or minus the jitter, evenly drawn, or lost; no packet overtakes another. "Out" is
from the page to the near side. Prints `ready`, and at SIGTERM what it did, its own lateness included. Needs root.
"""

import argparse
import collections
import fcntl
import json
import os
import random
import select
import signal
import struct
import subprocess
import sys
import time

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
NEAR, FAR = "10.99.0.1", "10.99.0.2"
MTU_BYTES = 1500
# What a router would keep before it drops.
QUEUE_PACKETS = 10_000


def tun(name):
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH", name.encode(), IFF_TUN | IFF_NO_PI))
    return device


def ip(*arguments):
    subprocess.run(["ip", *arguments], check=True)


class Way:
    """One direction: packets in order, each with the moment at which it leaves."""

    def __init__(self, source, target, delay_ms, jitter_ms, loss, dice):
        self.source, self.target, self.dice = source, target, dice
        self.delay_s, self.jitter_s, self.loss = delay_ms / 1e3, jitter_ms / 1e3, loss
        self.queue = collections.deque()
        self.last_s = 0.0
        self.passed, self.lost, self.late_us = 0, 0, []

    def take(self, now_s):
        while True:
            try:
                packet = os.read(self.source, MTU_BYTES + 100)
            except BlockingIOError:
                return
            if self.dice.random() < self.loss or len(self.queue) >= QUEUE_PACKETS:
                self.lost += 1
                continue
            jitter_s = self.dice.uniform(-self.jitter_s, self.jitter_s)
            self.last_s = max(self.last_s, now_s + max(0.0, self.delay_s + jitter_s))
            self.queue.append((self.last_s, packet))

    def give(self, now_s):
        while self.queue and self.queue[0][0] <= now_s:
            due_s, packet = self.queue.popleft()
            try:
                os.write(self.target, packet)
            except OSError:
                self.lost += 1
                continue
            self.passed += 1
            self.late_us.append((now_s - due_s) * 1e6)

    def told(self):
        late_us = sorted(self.late_us) or [0.0]
        at = lambda part: round(late_us[int(part * (len(late_us) - 1))])
        return {
            "packets": self.passed,
            "lost": self.lost,
            "late_us": {"p50": at(0.5), "p99": at(0.99), "worst": at(1.0)},
        }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--namespace", required=True)
    parser.add_argument("--seed", type=int, default=1)
    for name in ("--out-ms", "--back-ms", "--jitter-ms", "--loss"):
        parser.add_argument(name, type=float, default=0.0)
    options = parser.parse_args()

    near, far = tun("clock-near"), tun("clock-far")
    ip("address", "add", NEAR, "peer", FAR, "dev", "clock-near")
    ip("link", "set", "clock-near", "up")
    ip("link", "set", "clock-far", "netns", options.namespace)
    ip("-n", options.namespace, "address", "add", FAR, "peer", NEAR, "dev", "clock-far")
    ip("-n", options.namespace, "link", "set", "clock-far", "up")
    ip("-n", options.namespace, "link", "set", "lo", "up")
    try:
        # The link must not wait behind the browser under test for a processor.
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    except PermissionError:
        print("the link has no priority over other processes", file=sys.stderr)

    dice = random.Random(options.seed)
    ways = [
        Way(far, near, options.out_ms, options.jitter_ms, options.loss, dice),
        Way(near, far, options.back_ms, options.jitter_ms, options.loss, dice),
    ]

    def stop(*_):
        print(json.dumps({"out": ways[0].told(), "back": ways[1].told()}), flush=True)
        sys.exit(0)

    signal.signal(signal.SIGTERM, stop)
    print("ready", flush=True)
    while True:
        due_s = min((way.queue[0][0] for way in ways if way.queue), default=None)
        wait_s = None if due_s is None else max(0.0, due_s - time.monotonic())
        readable, _, _ = select.select([near, far], [], [], wait_s)
        now_s = time.monotonic()
        for way in ways:
            if way.source in readable:
                way.take(now_s)
            way.give(time.monotonic())


main()
