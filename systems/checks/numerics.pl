use strict; use warnings; use integer ();
use Math::BigInt; use Math::BigFloat; use Math::Trig; use Digest::SHA 'sha256_hex'; use POSIX qw(floor ceil fmod strtod DBL_EPSILON);
my ($seed, @x) = (12345);
sub rnd { $seed = ($seed * 1103515245 + 12345) % 2147483648; return $seed }
push @x, (rnd() - 2 ** 30) / (1 + rnd() % 100000) for 1 .. 3000;
my $hex = sub { unpack 'H*', pack 'd>', $_[0] };
my %f = (sin => sub { sin $_[0] }, exp => sub { exp($_[0] / 1e4) }, log => sub { log abs $_[0] }, sqrt => sub { sqrt abs $_[0] }, tan => sub { tan($_[0]) },
	int => sub { int $_[0] }, floor => sub { floor $_[0] }, ceil => sub { ceil $_[0] }, fmod => sub { fmod($_[0], 7.3) }, pow => sub { abs($_[0]) ** 0.37 },
	atan => sub { atan2($_[0], 3) });
for my $name (sort keys %f) { print "$name ", substr(sha256_hex(join ' ', map { $hex->($f{$name}->($_)) } @x), 0, 24), "\n" }
print 'text ', substr(sha256_hex(join ' ', map { "$_" } @x), 0, 24), ' ', (grep { abs(strtod(sprintf('%.17g', $_)) - $_) > 0 } @x) + 0, "\n";
{ use integer; my $h = 0; $h = $h * 31 + (rnd() ^ ($h >> 7)) for 1 .. 20000; print "integer $h\n" }
my $n = Math::BigInt->new(1); $n->bmul($_) for 1 .. 250; print "factorial $n\n";
print 'root ', Math::BigFloat->new(2)->bsqrt(80), ' pi ', Math::BigFloat->bpi(80), "\n";
my $text = join ' ', map { sprintf '%s-%x', chr(97 + $_ % 26) x ($_ % 7), rnd() } 1 .. 4000;
my %count; $count{$1}++ while $text =~ /\b([a-z]*)-(?=[0-9a-f]*([0-9])\2)/g;
print join(' ', map { "$_=$count{$_}" } sort keys %count), "\n";
(my $t = $text) =~ s/(\w+)-(\w+)/$2:$1/g; print sha256_hex($t), ' ', ($t =~ tr/a-f//), "\n";
print join(',', (sort { $a <=> $b } @x)[0, 1500, 2999]), ' ', unpack('%32C*', $text), "\n";
