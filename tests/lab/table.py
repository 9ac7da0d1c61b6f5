#!/usr/bin/env python3
"""The table of docs/audit-lab.md out of expected.tsv and the catalogue.

    table.py            prints it
    table.py --check    fails when the document shows another
"""
import os
import re
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..')
ROW = re.compile(r'^TEST\("([^"]+)", \w+, (\w+), "((?:[^"\\]|\\.)*)"')


def stimuli():
    found = {}
    with open(os.path.join(ROOT, 'src/app/audit/catalogue.def')) as file:
        for line in file:
            match = ROW.match(line)
            if match:
                text = match.group(3).replace('\\"', '"').replace('\\\\', '\\')
                found[match.group(1)] = (match.group(2).lower(), text)
    return found


def table():
    tests = stimuli()
    lines = []
    with open(os.path.join(ROOT, 'tests/lab/expected.tsv')) as file:
        heads = file.readline().rstrip('\n').split('\t')[1:]
        lines.append('| test | severity | what is tried | ' + ' | '.join(heads) + ' |')
        lines.append('|---' * (3 + len(heads)) + '|')
        for line in file:
            fields = line.rstrip('\n').split('\t')
            severity, stimulus = tests[fields[0]]
            stimulus = re.sub(r'([|<`\\])', r'\\\1', stimulus)
            lines.append('| %s | %s | %s | %s |' % (
                fields[0], severity, stimulus, ' | '.join(fields[1:])))
    return '\n'.join(lines) + '\n'


def main():
    if len(sys.argv) == 1:
        print(table(), end='')
        return 0
    with open(os.path.join(ROOT, 'docs/audit-lab.md')) as file:
        if table() in file.read():
            return 0
    print('docs/audit-lab.md shows another table than tests/lab/expected.tsv: tests/lab/table.py prints it')
    return 1


sys.exit(main())
