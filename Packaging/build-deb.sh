#!/bin/sh
# Builds linux-toolbox_VERSION_ARCHITECTURE.deb from what `make install` puts into a directory.
# usage: build-deb.sh STAGED-DIRECTORY OUTPUT-DIRECTORY
set -eu
umask 022

staged=$(cd "$1" && pwd)
mkdir -p "$2"
output=$(cd "$2" && pwd)
packaging=$(cd "$(dirname "$0")" && pwd)
package=linux-toolbox
version=$("$staged/usr/bin/toolbox" --version)
architecture=$(dpkg --print-architecture)
: "${SOURCE_DATE_EPOCH:=$(git -C "$packaging" log -1 --format=%ct 2>/dev/null || date +%s)}"
export SOURCE_DATE_EPOCH

# Debian's place for zsh is the vendor's directory.
if [ -d "$staged/usr/share/zsh/site-functions" ]; then
  mkdir -p "$staged/usr/share/zsh/vendor-completions"
  mv "$staged/usr/share/zsh/site-functions/_toolbox" "$staged/usr/share/zsh/vendor-completions/"
  rmdir "$staged/usr/share/zsh/site-functions"
fi

# It is read by the shell and never run.
sed -i '1{/^#!/d}' "$staged/usr/share/bash-completion/completions/toolbox"

documents="$staged/usr/share/doc/$package"
mkdir -p "$documents" "$staged/usr/share/lintian/overrides"
install -m 644 "$packaging/debian/copyright" "$documents/copyright"
install -m 644 "$packaging/debian/lintian-overrides" "$staged/usr/share/lintian/overrides/$package"
gzip -9nc "$packaging/../CHANGELOG.md" > "$documents/CHANGELOG.md.gz"
maintainer=$(sed -n 's/^Maintainer: //p' "$packaging/debian/control")
printf '%s (%s) unstable; urgency=medium\n\n  * See CHANGELOG.md.gz beside this file.\n\n -- %s  %s\n' \
  "$package" "$version" "$maintainer" "$(date -u -R -d "@$SOURCE_DATE_EPOCH")" | gzip -9nc > "$documents/changelog.gz"
find "$staged/usr/share/man" -type f ! -name '*.gz' -exec gzip -9n {} +

mkdir -p "$staged/DEBIAN"
(cd "$staged" && find etc -type f | LC_ALL=C sort | sed 's#^#/#') > "$staged/DEBIAN/conffiles"
(cd "$staged" && find usr -type f -print0 | LC_ALL=C sort -z | xargs -0 md5sum) > "$staged/DEBIAN/md5sums"
for script in prerm postrm; do install -m 755 "$packaging/debian/$script" "$staged/DEBIAN/$script"; done

# dpkg-shlibdeps works in a source tree.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/debian"
cp "$packaging/debian/control" "$work/debian/control"
depends=$(cd "$work" && dpkg-shlibdeps -O -e"$staged/usr/bin/toolbox" | sed -n 's/^shlibs:Depends=//p')
[ -n "$depends" ] || { echo "build-deb.sh: dpkg-shlibdeps found no dependencies of $staged/usr/bin/toolbox" >&2; exit 1; }
size=$(du -sk --apparent-size --exclude=DEBIAN "$staged" | cut -f1)
sed -e "s/@VERSION@/$version/" -e "s/@ARCHITECTURE@/$architecture/" -e "s/@INSTALLED_SIZE@/$size/" \
  -e "s/@DEPENDS@/$depends/" "$packaging/debian/binary-control" > "$staged/DEBIAN/control"

find "$staged" -newermt "@$SOURCE_DATE_EPOCH" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
dpkg-deb --root-owner-group -Zxz -z9 --build "$staged" "$output/${package}_${version}_${architecture}.deb" >/dev/null
echo "$output/${package}_${version}_${architecture}.deb"
