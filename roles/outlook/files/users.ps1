# Sets registry values for the users of a PC, or restores what was there before.
#
# $Ansible is what ansible.windows.win_powershell provides. Check mode runs only scripts that say
# SupportsShouldProcess; each change asks $Ansible.CheckMode.
[CmdletBinding(SupportsShouldProcess)]
param(
    [string] $Values,  # JSON: a list of key (seen from the root of a user's hive), name, type, data
    [bool] $Present,
    [bool] $ExistingUsers,
    [bool] $NewUsers,
    [bool] $AnyVersion,
    [version] $Oldest
)
$ErrorActionPreference = 'Stop'
Set-StrictMode -Version 2.0

# The 64-bit view, whatever the bits of this PowerShell.
$machine = [Microsoft.Win32.RegistryKey]::OpenBaseKey('LocalMachine', 'Registry64')
$users = [Microsoft.Win32.RegistryKey]::OpenBaseKey('Users', 'Registry64')
$records = 'SOFTWARE\mailhost.autoconfig\Outlook'
$kinds = @{ REG_DWORD = 'DWord'; REG_SZ = 'String' }
$before = New-Object Collections.ArrayList
$after = New-Object Collections.ArrayList
$left = New-Object Collections.ArrayList
$problems = New-Object Collections.ArrayList

# The version of each OUTLOOK.EXE: the same for Click-to-Run and MSI, 32 and 64 bits.
function Get-OutlookVersion {
    $places = @(
        @{ Key = 'SOFTWARE\Microsoft\Windows\CurrentVersion\App Paths\OUTLOOK.EXE'; Name = 'Path'; Below = '' },
        @{ Key = 'SOFTWARE\Microsoft\Office\16.0\Outlook\InstallRoot'; Name = 'Path'; Below = '' },
        @{ Key = 'SOFTWARE\Microsoft\Office\ClickToRun\Configuration'; Name = 'InstallationPath'; Below = 'root\Office16' }
    )
    foreach ($view in 'Registry64', 'Registry32') {
        $base = [Microsoft.Win32.RegistryKey]::OpenBaseKey('LocalMachine', $view)
        foreach ($place in $places) {
            $found = Get-RegistryValue -Root $base -Key $place.Key -Name $place.Name
            if (-not $found) { continue }
            $file = [IO.Path]::Combine([string] $found.Data, $place.Below, 'OUTLOOK.EXE')
            if (-not [IO.File]::Exists($file)) { continue }
            $info = [Diagnostics.FileVersionInfo]::GetVersionInfo($file)
            New-Object Version $info.FileMajorPart, $info.FileMinorPart, $info.FileBuildPart, $info.FilePrivatePart
        }
    }
}

# Kind and data of a value; nothing if there is none.
function Get-RegistryValue([Microsoft.Win32.RegistryKey] $Root, [string] $Key, [string] $Name) {
    $opened = $Root.OpenSubKey($Key)
    if (-not $opened) { return }
    try {
        if ($opened.GetValueNames() -contains $Name) {
            $data = $opened.GetValue($Name, $null, 'DoNotExpandEnvironmentNames')
            [pscustomobject] @{ Kind = [string] $opened.GetValueKind($Name); Data = $data }
        }
    }
    finally { $opened.Dispose() }
}

# Sets a value, or removes it where $New is nothing; says so for the difference.
function Set-RegistryValue([Microsoft.Win32.RegistryKey] $Root, [string] $Who, [string] $Key, [string] $Name, $Old, $New) {
    $null = $before.Add("${Who}: $Key\$Name = $(Format-Value $Old)")
    $null = $after.Add("${Who}: $Key\$Name = $(Format-Value $New)")
    if ($Ansible.CheckMode) { return }
    $opened = $Root.CreateSubKey($Key)
    try {
        if ($New) { $opened.SetValue($Name, $New.Data, $New.Kind) }
        else { $opened.DeleteValue($Name, $false) }
    }
    finally { $opened.Dispose() }
}

function Format-Value($Value) {
    if ($Value) { '{0} "{1}"' -f $Value.Kind, ($Value.Data -join ' ') } else { 'not set' }
}

function Test-SameValue($One, $Other) {
    (Format-Value $One) -ceq (Format-Value $Other)
}

# Sets the wanted values in a user's hive, and restores others. What was there before is kept in the
# machine's hive, which no user can write: by key and name, of kind None where there was nothing.
function Update-Hive([Microsoft.Win32.RegistryKey] $Hive, $User, [object[]] $Wanted) {
    $record = "$records\$($User.Id)"
    $places = @()
    foreach ($value in $Wanted) {
        $place = "$($value.key)\$($value.name)"
        $places += $place
        $old = Get-RegistryValue -Root $Hive -Key $value.key -Name $value.name
        $new = [pscustomobject] @{ Kind = $kinds[$value.type]; Data = $value.data }
        if (Test-SameValue $old $new) { continue }
        if (-not $Ansible.CheckMode -and -not (Get-RegistryValue -Root $machine -Key $record -Name $place)) {
            $opened = $machine.CreateSubKey($record)
            if ($old) { $opened.SetValue($place, $old.Data, $old.Kind) }
            else { $opened.SetValue($place, [byte[]] @(), 'None') }
            $opened.Dispose()
        }
        Set-RegistryValue -Root $Hive -Who $User.Who -Key $value.key -Name $value.name -Old $old -New $new
    }
    foreach ($place in Get-Recorded $User.Id) {
        if ($places -contains $place) { continue }
        $end = $place.LastIndexOf('\')
        $where = @{ Root = $Hive; Key = $place.Substring(0, $end); Name = $place.Substring($end + 1) }
        $old = Get-RegistryValue @where
        $former = Get-RegistryValue -Root $machine -Key $record -Name $place
        if ($former.Kind -eq 'None') { $former = $null }
        if (-not (Test-SameValue $old $former)) { Set-RegistryValue @where -Who $User.Who -Old $old -New $former }
        if (-not $Ansible.CheckMode) {
            $opened = $machine.OpenSubKey($record, $true)
            $opened.DeleteValue($place)
            $opened.Dispose()
        }
    }
}

# Key and name of each value of a user that has a record.
function Get-Recorded([string] $Id) {
    $opened = $machine.OpenSubKey("$records\$Id")
    if ($opened) {
        $opened.GetValueNames()
        $opened.Dispose()
    }
}

# Runs reg.exe; returns what it says if it fails. In PowerShell 5.1 a redirected error would end the script
# if errors stop it.
function Invoke-Reg([string[]] $Arguments) {
    $ErrorActionPreference = 'Continue'
    $said = & "$env:SystemRoot\System32\reg.exe" $Arguments 2>&1
    if ($LASTEXITCODE -ne 0) { "reg $($Arguments[0]): $("$said".Trim()) ($LASTEXITCODE)" }
}

# Unloads a hive; returns what is wrong if it stays. A program with an open key of it, such as a virus
# scanner, is in the way, mostly for a moment.
function Close-Hive([string] $Name) {
    $problem = $null
    foreach ($attempt in 1..20) {
        [gc]::Collect()
        [gc]::WaitForPendingFinalizers()
        $problem = Invoke-Reg 'unload', "HKU\$Name"
        if (-not $problem) { return }
        Start-Sleep -Milliseconds 500
    }
    "HKU\$Name stays loaded, so its user can't log on properly: $problem"
}

# Sets or restores the values of one user, in the loaded hive or in NTUSER.DAT.
function Update-User($User, [object[]] $Wanted) {
    if (-not $Wanted -and -not @(Get-Recorded $User.Id)) { return }
    if ($User.Lost -or [IO.File]::Exists([IO.Path]::Combine($User.Path, 'NTUSER.MAN'))) {
        $null = $left.Add("$($User.Who): a mandatory or temporary profile, which forgets what is set")
        return
    }
    $loaded = $users.OpenSubKey($User.Id, $true)
    if ($loaded) {
        try { Update-Hive -Hive $loaded -User $User -Wanted $Wanted }
        finally { $loaded.Dispose() }
        return
    }
    $file = [IO.Path]::Combine($User.Path, 'NTUSER.DAT')
    if (-not [IO.File]::Exists($file)) {
        $null = $left.Add("$($User.Who): no $file")
        return
    }
    $name = "mailhost.autoconfig-$($User.Id)"
    if ($users.GetSubKeyNames() -contains $name) {
        # An earlier run was cut off and left it.
        $problem = Close-Hive $name
        if ($problem) { throw $problem }
    }
    $problem = Invoke-Reg 'load', "HKU\$name", $file
    if ($problem) {
        $null = $left.Add("$($User.Who): $file is in use or broken: $problem")
        return
    }
    $hive = $null
    try {
        $hive = $users.OpenSubKey($name, $true)
        Update-Hive -Hive $hive -User $User -Wanted $Wanted
    }
    finally {
        if ($hive) { $hive.Dispose() }
        $problem = Close-Hive $name
        if ($problem) { $null = $problems.Add("$($User.Who): $problem") }
    }
}

# Every profile of a person, of this PC, a domain (S-1-5-21) or Entra ID (S-1-12-1), and the default one.
function Get-User {
    $list = $machine.OpenSubKey('SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList')
    [pscustomobject] @{ Id = 'Default'; Who = 'new users'; Path = $list.GetValue('Default'); Lost = $false; Chosen = $NewUsers }
    foreach ($sid in $list.GetSubKeyNames()) {
        if ($sid -notmatch '^S-1-(5-21|12-1)(-\d+)+$') { continue }
        $key = $list.OpenSubKey($sid)
        $path = [string] $key.GetValue('ProfileImagePath')
        # PROFILE_MANDATORY and PROFILE_TEMP_ASSIGNED
        $lost = [bool] ([int] $key.GetValue('State', 0) -band 0x801)
        [pscustomobject] @{ Id = $sid; Who = "$([IO.Path]::GetFileName($path)) ($sid)"; Path = $path; Lost = $lost; Chosen = $ExistingUsers }
    }
}

# Removes records that have become empty, and those of users who have gone.
function Clear-Record([string[]] $Ids) {
    if ($Ansible.CheckMode) { return }
    $all = $machine.OpenSubKey($records, $true)
    if (-not $all) { return }
    foreach ($id in $all.GetSubKeyNames()) {
        if ($Ids -notcontains $id -or -not @(Get-Recorded $id)) { $all.DeleteSubKey($id) }
    }
    $all.Dispose()
}

$versions = @(Get-OutlookVersion | Sort-Object -Unique)
$affected = $AnyVersion -or @($versions | Where-Object { $_ -ge $Oldest })
if ($Present -and -not $affected) {
    $null = $left.Add("this PC: no Outlook of version $Oldest or later, found: $($versions -join ', ')")
}
else {
    $wanted = ConvertFrom-Json $Values
    $all = @(Get-User)
    foreach ($user in $all) {
        try {
            Update-User -User $user -Wanted @(if ($Present -and $user.Chosen) { $wanted })
        }
        catch { $null = $problems.Add("$($user.Who): $($_.Exception.Message)") }
    }
    Clear-Record @($all | ForEach-Object { $_.Id })
}

$Ansible.Changed = $before.Count -gt 0
$Ansible.Diff = @{ before = ($before -join "`n") + "`n"; after = ($after -join "`n") + "`n" }
$Ansible.Result = @{
    versions = @($versions | ForEach-Object { [string] $_ })
    left = $left.ToArray()
    problems = $problems.ToArray()
}
