#!/usr/bin/env bash
# Chromium in the namespace at the far end of the link.
exec ip netns exec "$CLOCK_NAMESPACE" "${STAMPEDE_CHROMIUM:-/usr/bin/chromium}" "$@"
