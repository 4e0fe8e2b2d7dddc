# Makes a Group Policy object of a user's registry values on a Windows domain controller, or removes it.
#
# $Ansible is what ansible.windows.win_powershell provides. Check mode runs only scripts that say
# SupportsShouldProcess; each change asks $Ansible.CheckMode.
[CmdletBinding(SupportsShouldProcess)]
param(
    [string] $Name,
    [string] $Values,  # JSON: a list of key (below HKEY_CURRENT_USER), name, type, data
    [string] $Links,   # JSON: a list of distinguished names of units, sites or the domain; empty, the domain
    [string] $Groups,  # JSON: a list of groups; empty, Authenticated Users
    [bool] $Present
)
$ErrorActionPreference = 'Stop'
Set-StrictMode -Version 1.0
Import-Module ActiveDirectory
Import-Module GroupPolicy

# This controller, so that no log-on has to be passed on to another.
$at = @{ Server = [Net.Dns]::GetHostEntry($env:COMPUTERNAME).HostName }
$ad = Get-ADDomain @at
$gp = $at + @{ Domain = $ad.DNSRoot }
$mark = 'Made by mailhost.autoconfig'
$everyone = 'S-1-5-11'  # Authenticated Users, whose name depends on the language
$kinds = @{ REG_DWORD = 'DWord'; REG_SZ = 'String' }
$before = New-Object Collections.ArrayList
$after = New-Object Collections.ArrayList

# Notes a line that goes and one that comes, either of which may be empty; returns whether to change it.
function Test-Change([string] $Old, [string] $New) {
    if ($Old) { $null = $before.Add($Old) }
    if ($New) { $null = $after.Add($New) }
    -not $Ansible.CheckMode
}

# PowerShell 5.1 reads a list as one object, later ones as many.
function Read-List([string] $Text) { ConvertFrom-Json $Text | ForEach-Object { $_ } }

# All values below a key of the object; a subkey is an item without a type.
function Get-PolicyValue([string] $Key) {
    try { $items = @(Get-GPRegistryValue -Guid $gpo.Id -Key $Key @gp) }
    catch {
        if ($_.FullyQualifiedErrorId -like 'UnableToRetrievePolicyRegistryItem*') { return }
        throw
    }
    foreach ($item in $items) {
        if ($null -eq $item.Type) { Get-PolicyValue $item.FullKeyPath } else { $item }
    }
}

# The data as text; the cmdlet may leave a string's final NUL on it.
function Get-Data($Value) { ([string] $Value).TrimEnd([char] 0) }

function Update-Value {
    $set = @(if ($gpo) { Get-PolicyValue 'HKEY_CURRENT_USER\Software' })
    $wanted = @(Read-List $Values)
    foreach ($value in $wanted) {
        $kind = $kinds[$value.type]
        $new = "$($value.key)\$($value.name) = $kind `"$($value.data)`""
        $old = $set | Where-Object { $_.KeyPath -eq $value.key -and $_.ValueName -eq $value.name }
        $was = if ($old) { "$($value.key)\$($value.name) = $($old.Type) `"$(Get-Data $old.Value)`"" }
        if ($new -ceq $was) { continue }
        if (Test-Change $was $new) {
            $null = Set-GPRegistryValue -Guid $gpo.Id -Key "HKCU\$($value.key)" -ValueName $value.name -Type $kind -Value $value.data @gp
        }
    }
    foreach ($old in $set) {
        if ($wanted | Where-Object { $_.key -eq $old.KeyPath -and $_.name -eq $old.ValueName }) { continue }
        if (Test-Change "$($old.KeyPath)\$($old.ValueName) = $($old.Type) `"$(Get-Data $old.Value)`"" '') {
            $null = Remove-GPRegistryValue -Guid $gpo.Id -Key "HKCU\$($old.KeyPath)" -ValueName $old.ValueName @gp
        }
    }
}

# Distinguished names of all that the object is linked to: the domain, its units, and the sites of the
# forest, which stand in a partition of their own.
function Get-Linked {
    if (-not $gpo) { return }
    $sites = "CN=Sites,$((Get-ADRootDSE @at).configurationNamingContext)"
    foreach ($base in $ad.DistinguishedName, $sites) {
        Get-ADObject -LDAPFilter "(gPLink=*$($gpo.Id)*)" -SearchBase $base @at | ForEach-Object { $_.DistinguishedName }
    }
}

function Update-Link([string[]] $Wanted) {
    $linked = @(Get-Linked)
    foreach ($target in $Wanted) {
        if ($linked -contains $target) { continue }
        if (Test-Change '' "linked to $target") { $null = New-GPLink -Guid $gpo.Id -Target $target @gp }
    }
    foreach ($target in $linked) {
        if ($Wanted -contains $target) { continue }
        if (Test-Change "linked to $target" '') { $null = Remove-GPLink -Guid $gpo.Id -Target $target @gp }
    }
}

# Authenticated Users continue to read the object, which computers need (MS16-072).
function Update-Filter([hashtable] $Wanted) {
    $trustees = @{ $everyone = @{ Name = Get-EveryoneName; Type = 'Group'; Level = 'GpoApply' } }  # of a new object
    if ($gpo) {
        $trustees[$everyone].Level = $null
        foreach ($permission in Get-GPPermission -Guid $gpo.Id -All @gp) {
            $trustee = $permission.Trustee
            $type = if ('User', 'Computer' -contains "$($trustee.SidType)") { "$($trustee.SidType)" } else { 'Group' }
            $trustees[$trustee.Sid.Value] = @{ Name = $trustee.Name; Type = $type; Level = "$($permission.Permission)" }
        }
    }
    foreach ($sid in $Wanted.Keys) {
        if (-not $trustees[$sid]) { $trustees[$sid] = @{ Name = $Wanted[$sid]; Type = 'Group'; Level = $null } }
        elseif ($trustees[$sid].Level -notmatch '^Gpo(Read|Apply)$') {
            throw "autoconfig_outlook_gpo_security_filter: $($Wanted[$sid]) has the right $($trustees[$sid].Level), so it can't be a filter too; choose another group"
        }
    }
    foreach ($sid in @($trustees.Keys)) {
        $trustee = $trustees[$sid]
        $level = if ($Wanted.ContainsKey($sid)) { 'GpoApply' }
        elseif ($sid -eq $everyone) { if ($Wanted.Count) { 'GpoRead' } else { 'GpoApply' } }
        elseif ($trustee.Level -eq 'GpoApply') { 'None' }
        else { continue }
        if ($trustee.Level -eq $level) { continue }
        $was = if ($trustee.Level) { "$($trustee.Name): $($trustee.Level)" }
        if (Test-Change $was "$($trustee.Name): $level") {
            $null = Set-GPPermission -Guid $gpo.Id -TargetName $trustee.Name -TargetType $trustee.Type -PermissionLevel $level -Replace @gp
        }
    }
}

function Get-EveryoneName {
    $account = (New-Object Security.Principal.SecurityIdentifier $everyone).Translate([Security.Principal.NTAccount])
    ($account.Value -split '\\')[-1]
}

# Distinguished names of what the inventory wants the object linked to.
function Get-Target {
    $wanted = @(Read-List $Links)
    if (-not $wanted) { return $ad.DistinguishedName }
    foreach ($link in $wanted) {
        try { (Get-ADObject -Identity $link @at).DistinguishedName }
        catch { throw "autoconfig_outlook_gpo_links: no `"$link`" in $($ad.DNSRoot): $($_.Exception.Message)" }
    }
}

# Security identifier -> name of each group that the inventory wants the object to apply to.
function Get-Filter {
    $found = @{}
    foreach ($group in Read-List $Groups) {
        try { $known = Get-ADGroup -Identity $group @at }
        catch { throw "autoconfig_outlook_gpo_security_filter: no group `"$group`" in $($ad.DNSRoot): $($_.Exception.Message)" }
        $found[$known.SID.Value] = $known.SamAccountName
    }
    $found
}

$named = @(Get-GPO -All @gp | Where-Object { $_.DisplayName -eq $Name })
$gpo = $named | Where-Object { "$($_.Description)".StartsWith($mark) } | Select-Object -First 1
if ($Present) {
    if (-not $gpo -and $named) {
        throw "autoconfig_outlook_gpo_name: `"$Name`" is the name of an object of somebody else; choose another, or let its comment begin with: $mark"
    }
    $targets = @(Get-Target | Select-Object -Unique)
    $filter = Get-Filter
    if (-not $gpo -and (Test-Change '' "Group Policy object $Name")) { $gpo = New-GPO -Name $Name -Comment $mark @gp }
    Update-Value
    Update-Filter $filter
    Update-Link $targets
}
elseif ($gpo) {
    Update-Link @()
    if (Test-Change "Group Policy object $Name" '') { $null = Remove-GPO -Guid $gpo.Id @gp }
}

$Ansible.Changed = ($before.Count + $after.Count) -gt 0
$Ansible.Diff = @{ before = ($before -join "`n") + "`n"; after = ($after -join "`n") + "`n" }
