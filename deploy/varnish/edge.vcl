# An edge in front of one server. Copy it, name your own addresses, and start with
#
#   varnishd -a :80 -f /etc/varnish/edge.vcl -p vcl_path=/etc/varnish -s malloc,256m -p workspace_backend=256k
#
# Each retry of a fetch takes its room of the backend's workspace, and the rules ask for up to four: with the 96 KiB that
# Varnish gives by itself, a page that is published many times while it is on a slow way ends in a 503.
#
# The server is told of it with `--edge varnish://EDGE:80 --trusted-proxy EDGE/32`. A second cache between this one and
# the server is told of with `--edge-parent`, has this one in its `edges`, and is this one's backend.

vcl 4.1;

backend origin {
    .host = "127.0.0.1";
    .port = "3000";
    .connect_timeout = 2s;
    .first_byte_timeout = 15s;
    .between_bytes_timeout = 5s;
    .max_connections = 2000;
    .probe = {
        .url = "/healthz";
        .interval = 1s;
        .timeout = 900ms;
        .window = 4;
        .threshold = 2;
        .initial = 2;
    }
}

# Who may purge: the server.
acl purgers {
    "127.0.0.1";
    "::1";
}

# Our own edges, where this is the cache behind them.
acl edges {
    "192.0.2.1";
}

# What stands before this edge and says truly whom a request came from: a balancer that ends TLS, say.
acl proxies {
    "192.0.2.1";
}

include "stampede.vcl";
