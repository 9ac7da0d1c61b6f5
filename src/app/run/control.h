/*
 * The control socket: a local door where the operator asks how the store is.
 *
 * One line in, one answer out, closed.  It can ask, it cannot change anything.
 */
#pragma once

#include "app/run/parent.h"

/* "control.sock" in the state folder; the same user and root may connect. */
struct control *control_open(struct parent *parent, struct fault *fault);
/* Its handles live in it: it is freed when the loop has ended. */
void control_close(struct control *control);
void control_free(struct control *control);

/* As text for people, or JSON. */
void status_write(struct text *text, const struct parent *parent);
void status_write_json(struct text *text, const struct parent *parent);

/* The other side: `sipwarden status`. */
int status_main(int argc, char **argv);
