# xz, zstd and gzip: the packed bytes must be those of the host, and unpack to what they were made of.
cd /tmp
head -c 2000000 /usr/bin/perl > data
sha256sum < data
for pack in 'xz -T1 -1' 'xz -T1 -6' 'xz --format=lzma -3' 'zstd --single-thread -q -1' 'zstd --single-thread -q -9' 'zstd --single-thread -q -19' 'gzip -n -6'; do
	$pack -c data > packed
	echo "$pack $(sha256sum < packed)"
	${pack%% *} -dc $(case $pack in *lzma*) echo --format=lzma;; esac) < packed | sha256sum
done
