/* `sipwarden demo`.  The exit status as its help says. */
#pragma once

int demo_main(int argc, char **argv);
