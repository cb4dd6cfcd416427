# Stand-in for the memory part of ocsinventory-agent 2.1, which no Debian of today has: it takes the
# first word after "Size:", so an empty slot ("No Module Installed") is sent as "No". Written for
# this rehearsal after a description of what that version sends. The rest of the agent is today's.
package Ocsinventory::Agent::Backend::OS::Generic::Dmidecode::Memory;
use strict;
use warnings;

sub run {
    my ($params) = @_;
    my $number = 0;
    for my $device (grep { /DMI type 17,/ } split /^Handle /m, `dmidecode -t 17`) {
        my %found = $device =~ /^\s+(Size|Locator|Speed|Type|Serial Number): (.+)$/mg;
        my ($size) = split ' ', $found{Size} // '';
        $params->{common}->addMemory({
            CAPACITY => $size,
            CAPTION => $found{Locator},
            SPEED => $found{Speed},
            TYPE => $found{Type},
            SERIALNUMBER => $found{'Serial Number'},
            NUMSLOTS => $number++,
        });
    }
}

1;
