import decimal, fractions, hashlib, json, math, random, struct, zlib

random.seed(20240101)
digest = lambda values: hashlib.sha256(repr(values).encode()).hexdigest()[:24]
floats = [random.uniform(-50, 50) for _ in range(3000)] + [10.0 ** k for k in range(-300, 301, 25)]
for name in ('sin', 'cos', 'tan', 'exp', 'log', 'sqrt', 'atan', 'sinh', 'erf', 'gamma', 'cbrt', 'log2', 'expm1'):
    results = []
    for x in floats:
        try:
            results.append(getattr(math, name)(x).hex())
        except (ValueError, OverflowError) as e:
            results.append(type(e).__name__)
    print(name, digest(results))
print('fmod', digest([math.fmod(a, b).hex() for a, b in zip(floats, floats[1:]) if b]))
print('pow', digest([math.pow(abs(a), b / 10).hex() for a, b in zip(floats, floats[1:2500])]))
print('fsum', math.fsum(floats).hex(), sum(floats).hex())
print('parse', digest([float(repr(x)).hex() for x in floats]), all(float(repr(x)) == x for x in floats))
print('format', digest(['%.17g %.3e %.10f %s' % (x, x, x % 1, x) for x in floats]))
print('halves', digest([struct.unpack('e', struct.pack('e', x))[0] for x in floats if abs(x) < 60000]), digest([struct.pack('f', x) for x in floats if abs(x) < 1e38]))
n = 1
for i in range(1, 1200): n *= i
print('factorial', n.bit_length(), hashlib.sha256(str(n).encode()).hexdigest()[:24], n == math.factorial(1199))
p = 2 ** 521 - 1
print('power', pow(3, p - 1, p), pow(7, 12345, p) % 10 ** 18, math.isqrt(n) % 10 ** 18, math.gcd(n, 3 ** 500 * 5))
print('divmod', digest([divmod(random.getrandbits(400), -random.getrandbits(130) - 1) for _ in range(500)]))
decimal.getcontext().prec = 120
d = decimal.Decimal
print('decimal', d(2).sqrt(), d(3).ln(), d('1.5').exp())
f = sum(fractions.Fraction(1, k) for k in range(1, 150))
print('fraction', f.numerator % 10 ** 12, f.denominator % 10 ** 12, float(f).hex())
data = bytes(random.getrandbits(8) for _ in range(60000)) + b'nandu' * 9000
for name in ('md5', 'sha1', 'sha256', 'sha512', 'sha3_256', 'blake2b', 'blake2s'):
    print(name, hashlib.new(name, data).hexdigest()[:32])
packed = zlib.compress(data, 9)
print('zlib', len(packed), zlib.crc32(data), zlib.adler32(data), zlib.decompress(packed) == data)
print('complex', digest([(complex(a, b) ** 2 / complex(b, 1)) for a, b in zip(floats, floats[1:]) if abs(a) < 1e90 and abs(b) < 1e90]))
text = json.dumps({'numbers': floats[:500], 'words': sorted(str(x)[::-1] for x in floats)})
print('json', len(text), digest(json.loads(text)['words']))
print('gauss', random.gauss(0, 1).hex(), random.betavariate(2, 3).hex(), sorted(random.sample(range(10 ** 6), 5)))
