/*
 * The policy of a capture without one: a single zone in which everybody is known and may ask for
 * everything, so that messages are judged for what they are and nothing is held against who sent
 * them.  The addresses of its sockets are for documentation (RFC 5737) and on no wire.
 */
#pragma once

static const char observer_policy[] =
    "site: observer\n"
    "zones:\n"
    "  captured:\n"
    "    class: roaming-visited\n"
    "    listeners: [udp:192.0.2.254:5060, tcp:192.0.2.254:5060]\n"
    "    media: pass\n"
    "    hide: false\n"
    "    methods: [MESSAGE, SUBSCRIBE, NOTIFY, PUBLISH, REFER, INFO]\n"
    "  core:\n"
    "    class: core\n"
    "    listeners: [udp:192.0.2.253:5060]\n"
    "    media: pass\n"
    "peers:\n"
    "  anybody:\n"
    "    zone: captured\n"
    "    addresses: [0.0.0.0/0, \"::/0\"]\n"
    "    hops: [udp:192.0.2.252:5060]\n"
    "    rate: none\n"
    "    calls: none\n"
    "  beyond:\n"
    "    zone: core\n"
    "    hops: [udp:192.0.2.251:5060]\n"
    "routes:\n"
    "  - {emergency: true, to: beyond}\n"
    "  - {from: captured, domains: [\"*\"], to: beyond}\n"
    "controls:\n"
    "  CT-DOS-01: off\n"  /* how much is too much, and */
    "  CT-SEG-09: off\n"; /* which headers were agreed on, a contract says */
