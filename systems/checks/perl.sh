# Perl's numerics, regular expressions and long integers.
perl /checks/numerics.pl
