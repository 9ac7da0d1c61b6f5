#!/usr/bin/env python3
"""compare.py EXPECTED TARGET REPORT: verdicts against those that are known, with a summary line."""
import json
import sys


def main():
    expected_path, target, report_path = sys.argv[1:]
    with open(report_path) as file:
        tests = {test['id']: test for test in json.load(file)['tests']}
    wrong = held = 0
    with open(expected_path) as file:
        heads = file.readline().rstrip('\n').split('\t')
        column = heads.index(target)
        for line in file:
            fields = line.rstrip('\n').split('\t')
            test = tests.get(fields[0])
            if test is None or fields[column] in ('', '-'):
                continue
            if test['verdict'] == fields[column]:
                held += 1
            else:
                wrong += 1
                print('  %s on %s: %s, expected %s: %s' % (
                    fields[0], target, test['verdict'], fields[column], test['reason']))
    unexplained = [test for test in tests.values()
                   if test['verdict'] == 'FAIL' and target == 'sipwarden']
    print('%s audit-lab/%s: %d verdicts as expected, %d not; %d FAIL, %d WEAK, %d PASS' % (
        'failed' if wrong else 'passed', target, held, wrong,
        sum(test['verdict'] == 'FAIL' for test in tests.values()),
        sum(test['verdict'] == 'WEAK' for test in tests.values()),
        sum(test['verdict'] == 'PASS' for test in tests.values())))
    for test in unexplained:
        print('  %s: %s' % (test['id'], test['reason']))
    return 1 if wrong else 0


sys.exit(main())
