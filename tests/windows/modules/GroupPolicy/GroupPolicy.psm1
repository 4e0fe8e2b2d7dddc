# What policy.ps1 asks of Group Policy, in place of a domain: one object, in $global:Domain.

# Counts what is written. A domain that lies in a file is kept there, for the next process.
function Save-Domain {
    $global:Domain.Writes++
    if ($global:Domain.File) { Export-Clixml -InputObject $global:Domain -Path $global:Domain.File }
}

function Get-GPO([switch] $All, $Server, $Domain) { if ($global:Domain.Gpo) { $global:Domain.Gpo } }

function New-GPO($Name, $Comment, $Server, $Domain) {
    $global:Domain.Gpo = [pscustomobject] @{ Id = [guid]::NewGuid(); DisplayName = $Name; Description = $Comment }
    $global:Domain.Rights['S-1-5-11'] = 'GpoApply'
    Save-Domain
    $global:Domain.Gpo
}

function Remove-GPO($Guid, $Server, $Domain) {
    $global:Domain.Gpo = $null
    $global:Domain.Values.Clear()
    Save-Domain
}

# Values, and subkeys as items without a type, as the cmdlet does.
function Get-GPRegistryValue($Guid, $Key, $Server, $Domain) {
    $path = $Key -replace '^(HKCU|HKEY_CURRENT_USER)\\', ''
    $items = @{}
    foreach ($place in $global:Domain.Values.Keys) {
        $end = $place.LastIndexOf('\')
        $at = $place.Substring(0, $end)
        if ($at -eq $path) {
            $value = $global:Domain.Values[$place]
            $items[$place] = [pscustomobject] @{
                KeyPath = $at; FullKeyPath = "HKEY_CURRENT_USER\$at"; ValueName = $place.Substring($end + 1); Type = $value.Type; Value = $value.Data
            }
        }
        elseif ($at.StartsWith("$path\")) {
            $child = "$path\" + $at.Substring($path.Length + 1).Split('\')[0]
            $items[$child] = [pscustomobject] @{ KeyPath = $child; FullKeyPath = "HKEY_CURRENT_USER\$child"; Type = $null }
        }
    }
    if (-not $items.Count) { Write-Error 'not found' -ErrorId UnableToRetrievePolicyRegistryItem -ErrorAction Stop }
    $items.Values
}

function Set-GPRegistryValue($Guid, $Key, $ValueName, $Type, $Value, $Server, $Domain) {
    $data = if ($Type -eq 'String') { "$Value`0" } else { $Value }  # as the cmdlet may read it back
    $global:Domain.Values["$($Key -replace '^HKCU\\', '')\$ValueName"] = @{ Type = $Type; Data = $data }
    Save-Domain
}

function Remove-GPRegistryValue($Guid, $Key, $ValueName, $Server, $Domain) {
    $global:Domain.Values.Remove("$($Key -replace '^HKCU\\', '')\$ValueName")
    Save-Domain
}

function New-GPLink($Guid, $Target, $Server, $Domain) {
    $global:Domain.Links += $Target
    Save-Domain
}

function Remove-GPLink($Guid, $Target, $Server, $Domain) {
    $global:Domain.Links = @($global:Domain.Links | Where-Object { $_ -ne $Target })
    Save-Domain
}

function Get-GPPermission($Guid, [switch] $All, $Server, $Domain) {
    foreach ($sid in $global:Domain.Rights.Keys) {
        $trustee = [pscustomobject] @{ Sid = [Security.Principal.SecurityIdentifier] $sid; Name = $global:Domain.Names[$sid]; SidType = 'Group' }
        [pscustomobject] @{ Trustee = $trustee; Permission = $global:Domain.Rights[$sid] }
    }
}

function Set-GPPermission($Guid, $TargetName, $TargetType, $PermissionLevel, [switch] $Replace, $Server, $Domain) {
    $sid = $global:Domain.Names.Keys | Where-Object { $global:Domain.Names[$_] -eq $TargetName }
    if ($PermissionLevel -eq 'None') { $global:Domain.Rights.Remove($sid) } else { $global:Domain.Rights[$sid] = $PermissionLevel }
    Save-Domain
}
