/*
 * Messages and a small policy that the tests of the trip share.
 */
#pragma once

#include "guard/lab.h"

#define VIA "Via: SIP/2.0/UDP 198.18.0.7:5062;branch=z9hG4bK-1\r\n"
#define DIALOG                                                                                     \
    "Max-Forwards: 70\r\nTo: <sip:bob@example.net>\r\nCall-ID: call-1\r\nCSeq: 1 INVITE\r\n"       \
    "Contact: <sip:alice@198.18.0.7:5062>\r\n"
#define CALLER "From: <sip:alice@example.net>;tag=tag-theirs\r\n"

static const char good[] = "INVITE sip:bob@example.net SIP/2.0\r\n" VIA CALLER DIALOG "\r\n";
static const char unknown_header[] =
    "INVITE sip:bob@example.net SIP/2.0\r\n" VIA CALLER DIALOG "X-Secret: 1\r\n\r\n";
static const char repeated[] =
    "INVITE sip:bob@example.net SIP/2.0\r\n" VIA CALLER DIALOG "Call-ID: call-2\r\n\r\n";
static const char bare_lf[] =
    "INVITE sip:bob@example.net SIP/2.0\r\n" VIA CALLER DIALOG "Subject: a\nRoute: <sip:x>\r\n\r\n";
static const char from_number[] = "INVITE sip:+4930555000123@example.net SIP/2.0\r\n" VIA
                                  "From: <sip:+15551234567@example.net>;tag=t\r\n" DIALOG
                                  "P-Asserted-Identity: <sip:a@example.net>\r\n\r\n";
static const char sos[] = "INVITE urn:service:sos SIP/2.0\r\n" VIA CALLER DIALOG
                          "Session-Expires: 10\r\nSession-Expires: 20\r\n\r\n";

static const char policy_head[] =
    "site: lab\ndomains: [example.net]\nrealms: [example.net]\n"
    "zones:\n"
    "  access: {class: access-internet, host: sbc.example.net, media: pass,\n"
    "           listeners: [udp:198.51.100.1:5060, tcp:198.51.100.1:5060]}\n"
    "  core: {class: core, listeners: [udp:10.0.0.10:5060], media: pass}\n"
    "  carrier: {class: interconnect, listeners: [udp:198.51.100.17:5060], media: pass}\n"
    "peers:\n"
    "  cscf: {zone: core, hops: [\"udp:10.0.0.20:5060\"]}\n"
    "  new-one: {zone: carrier, transports: [udp], hops: [\"udp:192.0.2.1:5060\"], observe: true}\n"
    "routes:\n"
    "  - {emergency: true, to: cscf}\n"
    "  - {from: [access, carrier], to: cscf}\n";

static inline void open_with(struct lab *lab, const char *controls)
{
    char room[4096];
    struct text text;

    text_init(&text, room, sizeof(room));
    text_put_string(&text, policy_head);
    text_put_string(&text, controls);
    lab_open_text(lab, text_slice(&text), "lab.yaml");
}

static inline void judge_as(struct lab *lab, const char *zone, const char *message)
{
    struct lab_source source;

    lab_source(lab, slice_string(zone), TRANSPORT_UDP, &source);
    lab_judge(lab, &source, slice_string(message), 0);
}
