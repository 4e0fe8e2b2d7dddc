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
$prefix = 'mailhost.autoconfig-'  # of the hives that a run loads
$kinds = @{ REG_DWORD = 'DWord'; REG_SZ = 'String' }
$before = New-Object Collections.ArrayList
$after = New-Object Collections.ArrayList
$left = New-Object Collections.ArrayList
$elsewhere = New-Object Collections.ArrayList
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
            $directory = [Environment]::ExpandEnvironmentVariables("$($found.Data)").Trim('"; ')
            $file = (@($directory, $place.Below, 'OUTLOOK.EXE') | Where-Object { $_ }) -join '\'
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

# Sets the wanted values in a user's hive, and restores what is no longer wanted.
function Update-Hive([Microsoft.Win32.RegistryKey] $Hive, $User, [object[]] $Wanted) {
    $places = @()
    foreach ($value in $Wanted) {
        $place = "$($value.key)\$($value.name)"
        $places += $place
        $old = Get-RegistryValue -Root $Hive -Key $value.key -Name $value.name
        $new = [pscustomobject] @{ Kind = $kinds[$value.type]; Data = $value.data }
        if (Test-SameValue $old $new) { continue }
        Add-Record -Hive $Hive -User $User -Key $value.key -Place $place -Old $old
        Set-RegistryValue -Root $Hive -Who $User.Who -Key $value.key -Name $value.name -Old $old -New $new
    }
    $gone = @()
    foreach ($place in Get-Recorded $User.Record) {
        if ($places -contains $place) { continue }
        $end = $place.LastIndexOf('\')
        $where = @{ Root = $Hive; Key = $place.Substring(0, $end); Name = $place.Substring($end + 1) }
        $old = Get-RegistryValue @where
        $former = Get-RegistryValue -Root $machine -Key "$records\$($User.Record)" -Name $place
        if ($former.Kind -eq 'None' -and -not $former.Data.Length) {
            $former = $null
            $gone += "value $place"
        }
        if (-not (Test-SameValue $old $former)) { Set-RegistryValue @where -Who $User.Who -Old $old -New $former }
        if (-not $Ansible.CheckMode) {
            $opened = $machine.OpenSubKey("$records\$($User.Record)", $true)
            $opened.DeleteValue($place)
            $opened.Dispose()
        }
    }
    Remove-EmptyKey -Hive $Hive -User $User -Wanted $Wanted -Gone $gone
}

# Removes the keys that a run made, once nothing is in them. $Gone is what check mode would have removed.
function Remove-EmptyKey([Microsoft.Win32.RegistryKey] $Hive, $User, [object[]] $Wanted, [string[]] $Gone) {
    $kept = @()
    foreach ($key in @(Get-MadeKey $User.Record) | Sort-Object -Property Length -Descending) {
        if (@($Wanted | Where-Object { "$($_.key)\".StartsWith("$key\", 'OrdinalIgnoreCase') })) {
            $kept += $key
            continue
        }
        $opened = $Hive.OpenSubKey($key)
        if (-not $opened) { continue }
        $content = @($opened.GetValueNames() | ForEach-Object { "value $key\$_" }) + @($opened.GetSubKeyNames() | ForEach-Object { "key $key\$_" })
        $opened.Dispose()
        if (@($content | Where-Object { $Gone -notcontains $_ })) { continue }
        $Gone += "key $key"
        $null = $before.Add("$($User.Who): $key = an empty key")
        $null = $after.Add("$($User.Who): $key = no key")
        if (-not $Ansible.CheckMode) { $Hive.DeleteSubKey($key, $false) }
    }
    Set-MadeKey $User.Record $kept
}

# What was there before is recorded in the machine's hive, which no user can write: a key for each profile,
# with the folder of the profile, the keys that were made, and the data of each value by its key and name,
# of kind None where there was no value.
function Add-Record([Microsoft.Win32.RegistryKey] $Hive, $User, [string] $Key, [string] $Place, $Old) {
    if ($Ansible.CheckMode) { return }
    $opened = $machine.CreateSubKey("$records\$($User.Record)")
    $opened.SetValue('Profile', $User.Path)
    if ($opened.GetValueNames() -notcontains $Place) {
        if ($Old) { $opened.SetValue($Place, $Old.Data, $Old.Kind) }
        else { $opened.SetValue($Place, [byte[]] @(), 'None') }
    }
    $opened.Dispose()
    $made = @(Get-MadeKey $User.Record)
    for ($above = $Key; $above; $above = $above.Substring(0, [Math]::Max(0, $above.LastIndexOf('\')))) {
        $there = $Hive.OpenSubKey($above)
        if ($there) {
            $there.Dispose()
            break
        }
        if ($made -notcontains $above) { $made += $above }
    }
    Set-MadeKey $User.Record $made
}

# Key and name of each value that has a record. The record's own values have no backslash in their names.
function Get-Recorded([string] $Record) {
    $opened = $machine.OpenSubKey("$records\$Record")
    if ($opened) {
        $opened.GetValueNames() | Where-Object { $_.Contains('\') }
        $opened.Dispose()
    }
}

# The keys that were made in a user's hive.
function Get-MadeKey([string] $Record) {
    $made = Get-RegistryValue -Root $machine -Key "$records\$Record" -Name 'Keys'
    if ($made) { $made.Data }
}

function Set-MadeKey([string] $Record, [string[]] $Keys) {
    if ($Ansible.CheckMode) { return }
    $opened = $machine.OpenSubKey("$records\$Record", $true)
    if (-not $opened) { return }
    if ($Keys) { $opened.SetValue('Keys', $Keys, 'MultiString') }
    else { $opened.DeleteValue('Keys', $false) }
    $opened.Dispose()
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

# Unloads the hives that earlier runs, which were cut off, left loaded.
function Close-Leftover {
    foreach ($name in $users.GetSubKeyNames()) {
        if (-not $name.StartsWith($prefix)) { continue }
        $problem = Close-Hive $name
        if ($problem) { $null = $problems.Add($problem) }
    }
}

# Where another program has loaded a hive: its key as text, and opened. Windows names files by their
# volume, and the system's volume is known by the system's own hive.
function Find-Hive([string] $File) {
    $list = $machine.OpenSubKey('SYSTEM\CurrentControlSet\Control\hivelist')
    if (-not $list -or $File -notmatch '^[a-z]:(\\.+)$') { return }
    $tail = $Matches[1]
    $volume = if ($list.GetValue('\REGISTRY\MACHINE\SYSTEM') -match '^(\\Device\\[^\\]+)\\') { $Matches[1] }
    $ofSystem = $File.StartsWith("$env:SystemDrive\", 'OrdinalIgnoreCase')
    foreach ($entry in $list.GetValueNames()) {
        if ($entry -notmatch '^\\REGISTRY\\(USER|MACHINE)\\([^\\]+)$') { continue }
        $root, $name = $Matches[1], $Matches[2]
        if ($name.StartsWith($prefix)) { continue }
        if ($list.GetValue($entry) -notmatch '^(\\Device\\[^\\]+|\\\?\?\\[a-z]:)(\\.+)$' -or $Matches[2] -ne $tail) { continue }
        $there = $Matches[1]
        if ($there -match '^\\\?\?\\(.:)$') { if ($Matches[1] -ne $File.Substring(0, 2)) { continue } }
        elseif ($volume -and ($there -eq $volume) -ne $ofSystem) { continue }
        $base, $short = if ($root -eq 'USER') { $users, 'HKU' } else { $machine, 'HKLM' }
        $opened = $base.OpenSubKey($name, $true)
        if ($opened) { return [pscustomobject] @{ Name = "$short\$name"; Key = $opened } }
    }
}

# Sets or restores the values of one user, in the loaded hive or in NTUSER.DAT.
function Update-User($User, [object[]] $Wanted) {
    if (-not $Wanted -and -not @(Get-Recorded $User.Record) -and -not @(Get-MadeKey $User.Record)) { return }
    $file = "$($User.Path)\NTUSER.DAT"
    $hive = $null
    $problem = if ($User.Aside) { "the profile was set aside ($($User.Aside) in ProfileList); what was set stays until it is back" }
    elseif ($User.Lost -or ($User.Path -and [IO.File]::Exists("$($User.Path)\NTUSER.MAN"))) { 'a mandatory or temporary profile, which forgets what is set' }
    else {
        # A hive in HKU\Default, if there is one, need not be that of new users.
        if ($User.Id -ne 'Default') { $hive = $users.OpenSubKey($User.Id, $true) }
        if ($hive) { }
        elseif (-not $User.Path) { 'ProfileList names no folder' }
        elseif (-not [IO.File]::Exists($file)) { "no $file" }
    }
    if ($problem) {
        $null = $left.Add("$($User.Who): $problem")
        return
    }
    if (-not $hive) {
        $found = Find-Hive $file
        if ($found) {
            $hive = $found.Key
            $null = $elsewhere.Add("$($User.Who): another program has loaded $file as $($found.Name) and left it there; it is changed there and stays loaded (reg unload $($found.Name))")
        }
    }
    if ($hive) {
        try { Update-Hive -Hive $hive -User $User -Wanted $Wanted }
        finally { $hive.Dispose() }
        return
    }
    Update-File -File $file -User $User -Wanted $Wanted
}

# Loads a hive that nobody has loaded, changes it, and unloads it again.
function Update-File([string] $File, $User, [object[]] $Wanted) {
    $name = "$prefix$($User.Id)"
    $problem = Invoke-Reg 'load', "HKU\$name", $File
    if ($problem) {
        $null = $left.Add("$($User.Who): $File is in use or broken: $problem")
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
# Windows renames the key of a profile that it could not load to SID.bak, and makes a temporary one; people
# rename it too, and log on to get a new one.
function Get-User {
    $list = $machine.OpenSubKey('SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList')
    $profiles = @(foreach ($name in $list.GetSubKeyNames()) {
        $sid, $mark = $name -split '\.', 2
        if ($sid -notmatch '^S-1-(5-21|12-1)(-\d+)+$') { continue }
        $aside = if ($mark) { $name }
        $path, $state = '', 0
        try {
            $key = $list.OpenSubKey($name)
            $path = ([string] $key.GetValue('ProfileImagePath')).TrimEnd('\')
            $state = $key.GetValue('State', 0)
        }
        catch { $null = $problems.Add("ProfileList\${name}: $($_.Exception.Message)") }
        # PROFILE_MANDATORY and PROFILE_TEMP_ASSIGNED
        $lost = $state -is [int] -and [bool] ($state -band 0x801)
        $who = "$(($path -split '\\')[-1]) ($sid)".TrimStart()
        [pscustomobject] @{ Id = $sid; Who = $who; Path = $path; Lost = $lost; Aside = $aside; Chosen = $ExistingUsers; Record = '' }
    })
    $path = [string] $list.GetValue('Default')
    [pscustomobject] @{ Id = 'Default'; Who = 'new users'; Path = $path.TrimEnd('\'); Lost = $false; Aside = $null; Chosen = $NewUsers; Record = 'Default' }
    foreach ($user in $profiles) {
        $others = @($profiles | Where-Object { $_.Id -eq $user.Id -and $_ -ne $user })
        # The temporary profile is named by the one for which it stands.
        if ($user.Lost -and -not $user.Aside -and @($others | Where-Object { $_.Aside })) { continue }
        $user.Record = Get-RecordName $user @($others | ForEach-Object { $_.Path })
        $user
    }
}

# The key of a profile's record: the one that names its folder, else one that names no other profile of this
# person, else a new one.
function Get-RecordName($User, [string[]] $Others) {
    $all = $machine.OpenSubKey($records)
    $names = @(if ($all) { $all.GetSubKeyNames() | Where-Object { ($_ -split '\.')[0] -eq $User.Id } })
    $free = @()
    foreach ($name in $names) {
        $noted = Get-RegistryValue -Root $machine -Key "$records\$name" -Name 'Profile'
        if ($noted -and $noted.Data -eq $User.Path) { return $name }
        if (-not $noted -or $Others -notcontains $noted.Data) { $free += $name }
    }
    if ($free) { return $free[0] }
    $new = $User.Id
    for ($number = 1; $names -contains $new; $number++) { $new = "$($User.Id).$number" }
    $new
}

# Removes records that have become empty, and those of users who have gone.
function Clear-Record([string[]] $Used) {
    if ($Ansible.CheckMode) { return }
    $all = $machine.OpenSubKey($records, $true)
    if (-not $all) { return }
    foreach ($name in $all.GetSubKeyNames()) {
        if ($Used -notcontains $name -or (-not @(Get-Recorded $name) -and -not @(Get-MadeKey $name))) { $all.DeleteSubKey($name) }
    }
    $all.Dispose()
    for ($key = $records; $key -ne 'SOFTWARE'; $key = $key.Substring(0, $key.LastIndexOf('\'))) {
        $opened = $machine.OpenSubKey($key)
        $content = $opened.SubKeyCount + $opened.ValueCount
        $opened.Dispose()
        if ($content) { return }
        $machine.DeleteSubKey($key)
    }
}

function Update-Pc {
    Close-Leftover
    $versions = @(Get-OutlookVersion | Sort-Object -Unique)
    $affected = $AnyVersion -or @($versions | Where-Object { $_ -ge $Oldest })
    if ($Present -and -not $affected) {
        $null = $left.Add("this PC: no Outlook of version $Oldest or later, found: $($versions -join ', ')")
        return $versions
    }
    $wanted = ConvertFrom-Json $Values
    $all = @(Get-User)
    foreach ($user in $all) {
        try { Update-User -User $user -Wanted @(if ($Present -and $user.Chosen) { $wanted }) }
        catch { $null = $problems.Add("$($user.Who): $($_.Exception.Message)") }
    }
    Clear-Record @($all | ForEach-Object { $_.Record })
    $versions
}

# One run at a time: another would unload the hives of this one.
$turn = New-Object Threading.Mutex $false, 'Global\mailhost.autoconfig'
try { if (-not $turn.WaitOne(600000)) { throw 'another run on this PC has not ended for 10 minutes' } }
catch [Threading.AbandonedMutexException] { Write-Verbose 'The last run was cut off.' }
try { $versions = @(Update-Pc) }
finally {
    $turn.ReleaseMutex()
    $turn.Dispose()
}

$Ansible.Changed = $before.Count -gt 0
$Ansible.Diff = @{ before = ($before -join "`n") + "`n"; after = ($after -join "`n") + "`n" }
$Ansible.Result = @{
    versions = @($versions | ForEach-Object { [string] $_ })
    left = $left.ToArray()
    elsewhere = $elsewhere.ToArray()
    problems = $problems.ToArray()
}
