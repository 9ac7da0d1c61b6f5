#!/usr/bin/env python3
"""Makes C out of the probes: embed.py OUT PROBE ..."""
import os
import sys


def quoted(line):
    return '"' + line.replace('\\', '\\\\').replace('"', '\\"') + '\\n"'


def main():
    out, paths = sys.argv[1], sys.argv[2:]
    with open(out, 'w') as file:
        file.write('#include "app/audit/catalogue.h"\n\nstatic const struct {\n'
                   '    const char *id, *text;\n} probes[] = {\n')
        for path in sorted(paths):
            name = os.path.basename(path)[:-len('.probe')]
            with open(path) as probe:
                lines = [line.rstrip('\n') for line in probe]
            file.write('{"%s",\n%s},\n' % (name, '\n'.join(quoted(line) for line in lines)))
        file.write('};\n\nconst char *probe_text(const char *id)\n{\n'
                   '    for (size_t i = 0; i < sizeof(probes) / sizeof(probes[0]); i++) {\n'
                   '        if (strcmp(probes[i].id, id) == 0) {\n'
                   '            return probes[i].text;\n        }\n    }\n    return NULL;\n}\n')


main()
