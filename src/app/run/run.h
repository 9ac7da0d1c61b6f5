/* `sipwarden run`: the exit status as its help says. */
#pragma once

int run_main(int argc, char **argv);
