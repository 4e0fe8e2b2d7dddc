# What policy.ps1 asks of a directory, in place of a domain: one unit, one site, one group.
if (-not (Get-Variable Domain -Scope Global -ErrorAction Ignore)) {
    # A process of its own, as Ansible starts it: the domain lies beside the modules.
    $global:Domain = Import-Clixml (Join-Path (Split-Path $PSScriptRoot) 'domain.xml')
}

function Get-ADDomain($Server) { [pscustomobject] @{ DNSRoot = 'pester.test'; DistinguishedName = 'DC=pester,DC=test' } }

function Get-ADGroup($Identity, $Server) {
    if ($Identity -ne 'Outlook users') { throw "Cannot find an object with identity: '$Identity'" }
    [pscustomobject] @{ SID = [Security.Principal.SecurityIdentifier] 'S-1-5-21-1-2-3-1104'; SamAccountName = $Identity }
}

function Get-ADRootDSE($Server) { [pscustomobject] @{ configurationNamingContext = 'CN=Configuration,DC=pester,DC=test' } }

# Looks below the domain, unless it is told where: what lies in another partition is not found there.
function Get-ADObject($Identity, $LDAPFilter, $SearchBase = 'DC=pester,DC=test', $Server) {
    if ($LDAPFilter) {
        $id = [regex]::Match($LDAPFilter, '\(gPLink=\*(.+)\*\)').Groups[1].Value
        foreach ($target in $global:Domain.Links) {
            $partition = if ($target -like '*,CN=Configuration,*') { 'CN=Sites,CN=Configuration,DC=pester,DC=test' } else { 'DC=pester,DC=test' }
            if ("$($global:Domain.Gpo.Id)" -eq $id -and $partition -eq $SearchBase) { [pscustomobject] @{ DistinguishedName = $target } }
        }
    }
    elseif ('OU=Staff,DC=pester,DC=test', 'CN=Paris,CN=Sites,CN=Configuration,DC=pester,DC=test' -notcontains $Identity) {
        throw "Cannot find an object with identity: '$Identity'"
    }
    else { [pscustomobject] @{ DistinguishedName = $Identity } }
}
