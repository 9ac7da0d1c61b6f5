/*
 * Writes the example policies into the program while it is built: every file of the arguments
 * becomes one string, named like its role.
 */
#include <stdio.h>

static void octet_print(int octet)
{
    if (octet == '"' || octet == '\\') {
        printf("\\%c", octet);
    } else if (octet == '\n') {
        printf("\\n\"\n    \"");
    } else if (octet >= 0x20 && octet < 0x7F) {
        putchar(octet);
    } else {
        printf("\\%03o", (unsigned)octet);
    }
}

int main(int count, char **names)
{
    for (int i = 1; i < count; i++) {
        FILE *file = fopen(names[i], "rb");
        int octet;

        if (file == NULL) {
            perror(names[i]);
            return 1;
        }
        printf("    \"");
        while ((octet = getc(file)) != EOF) {
            octet_print(octet);
        }
        printf("\",\n");
        fclose(file);
    }
    return 0;
}
