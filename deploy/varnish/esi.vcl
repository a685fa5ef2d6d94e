# Include this too, before or after stampede.vcl, for an edge that puts a sale's state into its page (ESI): one request less
# for each visitor. The server needs `--edge-side-includes`. A cache behind edges needs nothing: it passes their pages on.

import var;

sub vcl_init {
    var.global_set("stampede-esi", "on");
}
