# Digests, ciphers and signatures of fixed data, then what only can be checked by itself; once more without the newest instructions.
cd /tmp
head -c 300000 /usr/bin/perl > data
suite() {
	for digest in md5 sha1 sha256 sha512 sha3-256 blake2b512 blake2s256 ripemd160 sm3; do openssl dgst -$digest -r -provider default -provider legacy data; done
	key=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
	for cipher in aes-128-cbc aes-256-ctr aes-256-cbc aes-128-cfb aes-192-ofb camellia-256-cbc chacha20 aria-128-ctr des-ede3-cbc sm4-cbc; do
		openssl enc -$cipher -K $key -iv 0f0e0d0c0b0a09080706050403020100 -in data -out sealed 2>/dev/null && openssl dgst -sha256 -r sealed
		openssl enc -d -$cipher -K $key -iv 0f0e0d0c0b0a09080706050403020100 -in sealed 2>/dev/null | cmp - data && echo "$cipher back"
	done
	openssl dgst -sha256 -sign /checks/rsa.pem -out signature data && openssl dgst -sha256 -r signature
	openssl rsa -in /checks/rsa.pem -check -noout 2>&1
	openssl pkey -in /checks/rsa.pem -pubout -out rsa.pub && openssl dgst -sha256 -verify rsa.pub -signature signature data
	for kind in 'RSA -pkeyopt rsa_keygen_bits:1024' 'EC -pkeyopt ec_paramgen_curve:P-256' 'EC -pkeyopt ec_paramgen_curve:P-521' ED25519; do
		openssl genpkey -algorithm $kind -out key.pem 2>/dev/null && openssl pkey -in key.pem -pubout -out key.pub
		openssl pkeyutl -sign -rawin -inkey key.pem -in /checks/rsa.pem -out signature && openssl pkeyutl -verify -rawin -pubin -inkey key.pub -in /checks/rsa.pem -sigfile signature
	done
	openssl prime -hex FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A63A3620FFFFFFFFFFFFFFFF
	openssl kdf -keylen 32 -kdfopt digest:SHA256 -kdfopt pass:nandu -kdfopt salt:salt -kdfopt iter:20000 PBKDF2
	openssl kdf -keylen 32 -kdfopt pass:nandu -kdfopt salt:salt -kdfopt n:1024 -kdfopt r:8 -kdfopt p:2 SCRYPT
}
suite
echo 'without CPU extensions'
OPENSSL_ia32cap='~0x200000200000000:~0x0' suite
