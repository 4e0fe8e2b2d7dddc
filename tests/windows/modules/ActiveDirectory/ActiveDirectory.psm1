# What policy.ps1 asks of a directory, in place of a domain: one unit, one group.
function Get-ADDomain($Server) { [pscustomobject] @{ DNSRoot = 'pester.test'; DistinguishedName = 'DC=pester,DC=test' } }

function Get-ADGroup($Identity, $Server) {
    if ($Identity -ne 'Outlook users') { throw "Cannot find an object with identity: '$Identity'" }
    [pscustomobject] @{ SID = [Security.Principal.SecurityIdentifier] 'S-1-5-21-1-2-3-1104'; SamAccountName = $Identity }
}

function Get-ADObject($Identity, $LDAPFilter, $Server) {
    if ($LDAPFilter) {
        $id = [regex]::Match($LDAPFilter, '\(gPLink=\*(.+)\*\)').Groups[1].Value
        foreach ($target in $global:Domain.Links) {
            if ("$($global:Domain.Gpo.Id)" -eq $id) { [pscustomobject] @{ DistinguishedName = $target } }
        }
    }
    elseif ($Identity -ne 'OU=Staff,DC=pester,DC=test') { throw "Cannot find an object with identity: '$Identity'" }
    else { [pscustomobject] @{ DistinguishedName = $Identity } }
}
