/*
 * A neighbour that opens many connections over TLS, one after the other, and holds them.
 *
 *     bench_tls PORT CERTIFICATE KEY CA COUNT MODE
 *
 * MODE: hold (each stays, until standard input ends), new (each a whole handshake, then closed) or
 * again (each goes on with the session of the first).  Sources are 127.1.x.y, a hundred connections
 * each.  Every connection asks OPTIONS once; any answer shows that it is served.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { OF_ONE_SOURCE = 100, COUNT_MAX = 18000 };

static const char options[] =
    "OPTIONS sip:sbc.example.net SIP/2.0\r\n"
    "Via: SIP/2.0/TLS 127.0.0.2:5061;branch=z9hG4bK%u\r\nMax-Forwards: 70\r\n"
    "From: <sip:a@carrier.example>;tag=1\r\nTo: <sip:sbc.example.net>\r\nCall-ID: %u\r\n"
    "CSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n";

static int connect_from(unsigned index, unsigned host, unsigned short port)
{
    struct sockaddr_in own = {.sin_family = AF_INET}, other = {.sin_family = AF_INET};
    unsigned source = index / OF_ONE_SOURCE;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    const int one = 1;

    own.sin_addr.s_addr = htonl(0x7F010001U + (source / 250) * 256 + source % 250);
    other.sin_port = htons(port);
    other.sin_addr.s_addr = htonl(host);
    if (fd < 0 || bind(fd, (struct sockaddr *)&own, sizeof(own)) != 0 ||
        connect(fd, (struct sockaddr *)&other, sizeof(other)) != 0) {
        perror("connect");
        exit(1);
    }
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    return fd;
}

static SSL *shake(SSL_CTX *context, int fd, SSL_SESSION *session)
{
    SSL *ssl = SSL_new(context);

    if (ssl == NULL || SSL_set_fd(ssl, fd) != 1 ||
        (session != NULL && SSL_set_session(ssl, session) != 1) || SSL_connect(ssl) != 1) {
        return NULL;
    }
    return ssl;
}

static int is_served(SSL *ssl, unsigned index)
{
    char room[2048];
    int len = snprintf(room, sizeof(room), options, index, index);

    return SSL_write(ssl, room, len) == len && SSL_read(ssl, room, sizeof(room)) > 12 &&
           memcmp(room, "SIP/2.0 ", 8) == 0; /* a 503 is an answer, too */
    ;
}

static double now(void)
{
    struct timespec time;

    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

int main(int count, char **words)
{
    static SSL *held[COUNT_MAX];
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    SSL_SESSION *session = NULL;
    unsigned served = 0, resumed = 0;

    if (count != 7 || SSL_CTX_use_certificate_file(context, words[2], SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_use_PrivateKey_file(context, words[3], SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_load_verify_locations(context, words[4], NULL) != 1) {
        fprintf(stderr, "bench_tls PORT CERTIFICATE KEY CA COUNT hold|new|again\n");
        return 2;
    }
    (void)SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    unsigned wanted = (unsigned)strtoul(words[5], NULL, 10);
    int holds = strcmp(words[6], "hold") == 0;
    int goes_on = strcmp(words[6], "again") == 0;
    double began = now();
    for (unsigned i = 0; i < wanted && i < COUNT_MAX; i++) {
        int fd = connect_from(i, INADDR_LOOPBACK, (unsigned short)strtoul(words[1], NULL, 10));
        SSL *ssl = shake(context, fd, session);

        if (ssl == NULL || !is_served(ssl, i)) {
            fprintf(stderr, "connection %u is not served\n", i);
            return 1;
        }
        served++;
        resumed += SSL_session_reused(ssl) == 1;
        if (holds) {
            held[i] = ssl;
            continue;
        }
        SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
        if (goes_on && session == NULL) {
            session = SSL_get1_session(ssl);
        }
        SSL_free(ssl);
        (void)close(fd);
    }
    printf("served %u resumed %u seconds %.2f\n", served, resumed, now() - began);
    (void)fflush(stdout);
    if (holds) {
        (void)getchar();
        for (unsigned i = 0; i < served; i++) {
            if (!is_served(held[i], wanted + i)) {
                fprintf(stderr, "connection %u is served no more\n", i);
                return 1;
            }
        }
        printf("all served again\n");
    }
    SSL_SESSION_free(session);
    SSL_CTX_free(context);
    return 0;
}
