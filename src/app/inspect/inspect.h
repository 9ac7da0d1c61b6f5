/*
 * `sipwarden inspect`: captures, judged message by message; nothing is changed.
 */
#pragma once

int inspect_main(int argc, char **argv);
