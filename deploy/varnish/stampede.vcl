# What an edge does with Stampede's answers. Include it from a file that names the backend and the three lists
# `purgers`, `edges` and `proxies`: see edge.vcl beside it. Needs Varnish 7 and varnish-modules (xkey, var).
#
# What is kept: pages, assets, pictures, and /csi/sales/… for a second, or less where the origin says so. Everything else is passed on.
# What splits the cache: the path and the encoding, nothing else. No query, host, cookie or header of a visitor does.

import std;
import var;
import xkey;

sub vcl_recv {
    if (req.method == "PURGE") {
        if (client.ip !~ purgers) {
            return (synth(405, "Method not allowed"));
        }
        # The second time: what was kept meanwhile and is not of this version. What is new may stay.
        if (req.http.page-purge && req.http.page-version) {
            if (!std.ban("obj.http.page-tag == " + req.http.page-purge + " && obj.http.page-version != " + req.http.page-version)) {
                return (synth(400, std.ban_error()));
            }
            set req.http.x-purged = "1";
            return (synth(200, "Purged"));
        }
        if (!req.http.xkey-purge) {
            return (synth(400, "Name the tags in xkey-purge"));
        }
        # Before anything is forgotten: an answer asked for earlier than this may be older than the purge.
        var.global_set("purged_at", "" + std.time2real(now, 0.0));
        set req.http.x-purged = xkey.purge(req.http.xkey-purge);
        return (synth(200, "Purged"));
    }

    # Only our own edges may say that they are edges.
    if (client.ip !~ edges) {
        unset req.http.x-stampede-edge;
    }
    # Whom a request came from, as far as it can be believed.
    if (client.ip !~ proxies && client.ip !~ edges) {
        set req.http.X-Forwarded-For = client.ip;
    }
    unset req.http.x-encoding;
    unset req.http.x-shared;
    if (req.http.x-stampede-edge) {
        # Whether the page may have includes is the edge's word; it replaces them.
        set req.http.x-esi = req.http.Surrogate-Capability;
    } else {
        unset req.http.x-esi;
        if (var.global_get("stampede-esi") == "on") {
            set req.http.x-esi = {"stampede="ESI/1.0""};
        }
    }
    unset req.http.Surrogate-Capability;

    if (req.method != "GET" && req.method != "HEAD") {
        return (pass);
    }

    if (req.url ~ "^/(zh/?)?(\?|$)" || req.url ~ "^/(zh/)?items/") {
        set req.http.x-shared = "page";
    } else if (req.url ~ "^/(assets|images|quiz)/" || req.url ~ "^/(favicon\.svg|robots\.txt)(\?|$)") {
        set req.http.x-shared = "file";
    } else if (req.url ~ "^/csi/sales/") {
        # Two caches in a row would make a second two.
        if (req.http.x-stampede-edge) {
            return (pass);
        }
        set req.http.x-shared = "state";
    } else {
        return (pass);
    }

    # Nothing but the path says what these are.
    set req.url = regsub(req.url, "\?.*$", "");
    unset req.http.Cookie;
    unset req.http.Authorization;
    # Varnish itself unpacks gzip for who asks for neither.
    if (req.http.x-shared == "page" && req.http.x-esi) {
        # Varnish takes such a page apart, and packs what it makes of it itself.
        set req.http.x-encoding = "esi";
    } else if (req.http.x-shared != "state" && req.http.Accept-Encoding ~ "(?i)(^|,)\s*br\s*(;\s*q=(0\.0*[1-9]|1)[0-9.]*\s*)?(,|$)") {
        set req.http.x-encoding = "br";
    }
    # While the origin is down, what there is is shown for longer.
    if (std.healthy(req.backend_hint)) {
        set req.grace = 60s;
    }
    return (hash);
}

sub vcl_hash {
    hash_data(req.url);
    hash_data(req.http.x-encoding);
    return (lookup);
}

sub vcl_backend_fetch {
    # Again before each try.
    set bereq.http.x-began = std.time2real(now, 0.0);
    set bereq.http.x-for-edge = bereq.http.x-stampede-edge;
    set bereq.http.x-stampede-edge = "1";
    if (bereq.http.x-encoding == "br") {
        set bereq.http.Accept-Encoding = "br";
    } else if (bereq.http.x-encoding == "esi") {
        unset bereq.http.Accept-Encoding;
        set bereq.http.Surrogate-Capability = bereq.http.x-esi;
    }
}

sub vcl_backend_response {
    if (!bereq.http.x-shared || bereq.uncacheable) {
        return (deliver);
    }
    # The origin's word for edges alone (RFC 9213); it goes before Cache-Control.
    if (beresp.http.CDN-Cache-Control ~ "max-age=[0-9]+") {
        set beresp.ttl = std.duration(regsub(beresp.http.CDN-Cache-Control, "^.*max-age=([0-9]+).*$", "\1s"), 0s);
    }
    set beresp.grace = 0s;
    if (beresp.http.CDN-Cache-Control ~ "stale-if-error=[0-9]+") {
        set beresp.grace = std.duration(regsub(beresp.http.CDN-Cache-Control, "^.*stale-if-error=([0-9]+).*$", "\1s"), 0s);
    }
    if (beresp.http.edge-ttl ~ "^[0-9]+ms$" && std.duration(beresp.http.edge-ttl, 0s) < beresp.ttl) {
        # Asked for anew so soon; nobody waits for it, and nobody is shown what is older than its time above.
        set beresp.grace = beresp.ttl - std.duration(beresp.http.edge-ttl, 0s);
        set beresp.ttl = std.duration(beresp.http.edge-ttl, 0s);
    }
    if (bereq.http.x-shared != "state" && beresp.ttl > 0s) {
        # To ask whether it still holds, once its time is over.
        set beresp.keep = 1d;
    }
    if (beresp.status >= 500 || beresp.status == 429) {
        # Nothing to keep; what stands is shown instead where its grace allows.
        if (bereq.is_bgfetch) {
            return (abandon);
        }
        set beresp.uncacheable = true;
        return (deliver);
    }
    if (beresp.http.Surrogate-Control ~ "ESI/1\.0" && bereq.http.x-for-edge != "1") {
        unset beresp.http.Surrogate-Control;
        # The page without what is put into it; it holds for no page that has it.
        unset beresp.http.ETag;
        set beresp.do_esi = true;
        set beresp.do_gzip = true;
    }
    # It was asked for before the last purge: it may be what was purged. Asked for again, it is not.
    if (bereq.http.x-shared == "page" && std.real(var.global_get("purged_at"), 0.0) >= std.real(bereq.http.x-began, 0.0)) {
        if (bereq.retries < 4) {
            return (retry);
        }
        set beresp.uncacheable = true;
    }
    return (deliver);
}

sub vcl_deliver {
    # A fragment that failed is left out; the page asks for it itself.
    if (req.esi_level > 0 && resp.status != 200) {
        return (synth(200, "Left out"));
    }
    # RFC 9211.
    if (obj.uncacheable) {
        set resp.http.Cache-Status = "stampede-edge; fwd=bypass";
    } else if (obj.hits > 0) {
        set resp.http.Cache-Status = "stampede-edge; hit";
    } else {
        set resp.http.Cache-Status = "stampede-edge; fwd=miss";
    }
    unset resp.http.X-Varnish;
    unset resp.http.Via;
    # What is for edges goes no further than edges.
    if (!req.http.x-stampede-edge) {
        unset resp.http.xkey;
        unset resp.http.Surrogate-Key;
        unset resp.http.Cache-Tag;
        unset resp.http.CDN-Cache-Control;
        unset resp.http.edge-ttl;
        unset resp.http.page-tag;
        unset resp.http.page-version;
    }
    return (deliver);
}

sub vcl_synth {
    if (req.method == "PURGE" && resp.status == 200) {
        set resp.http.stampede-purged = req.http.x-purged;
    }
    set resp.http.Cache-Control = "no-store";
    set resp.http.Content-Type = "text/plain; charset=utf-8";
    if (req.esi_level > 0) {
        set resp.body = "";
        return (deliver);
    }
    set resp.body = resp.reason + {"
"};
    return (deliver);
}

# The origin gave no answer, and there is nothing older to show.
sub vcl_backend_error {
    set beresp.status = 503;
    set beresp.http.Retry-After = "2";
    set beresp.http.Cache-Control = "no-store";
    set beresp.http.X-Content-Type-Options = "nosniff";
    if (bereq.http.x-shared == "page") {
        set beresp.http.Content-Type = "text/html; charset=utf-8";
        set beresp.http.Content-Security-Policy = "default-src 'none'; frame-ancestors 'none'";
        set beresp.http.Refresh = "3";
        set beresp.body = """<!DOCTYPE html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>One moment · 请稍候</title><h1>One moment</h1><p>The shop will be back in a moment. This page tries again by itself.</p><h1 lang="zh-CN">请稍候</h1><p lang="zh-CN">商店马上回来，本页会自动重试。</p></html>
""";
    } else {
        set beresp.http.Content-Type = "application/problem+json";
        set beresp.body = """{"type":"about:blank","title":"Service Unavailable","status":503,"code":"busy","detail":"The shop cannot be reached at this moment. Nothing was lost; try again."}
""";
    }
    return (deliver);
}
