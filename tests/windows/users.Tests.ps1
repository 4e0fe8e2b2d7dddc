#Requires -RunAsAdministrator
# The script of the role on a Windows or, where the kit of molecule/windows made it, a PC under Wine, for
# users who are made for it: Invoke-Pester tests/windows

BeforeAll {
    . (Join-Path $PSScriptRoot "helpers/$(if ($env:PC_KIT) { 'Wine' } else { 'Windows' }).ps1")
    $users = Join-Path $PSScriptRoot '..\..\roles\outlook\files\users.ps1'
    $setup = 'Software\Microsoft\Office\16.0\Outlook\setup'
    $value = 'DisableOffice365SimplifiedAccountCreation'
    $values = ConvertTo-Json @(
        @{ key = $setup; name = $value; type = 'REG_DWORD'; data = 1 }
        @{ key = 'Software\Microsoft\Office\16.0\Outlook\AutoDiscover\RedirectServers'; name = 'host.test'; type = 'REG_SZ'; data = '' }
    )
    # Runs the script as ansible.windows.win_powershell does.
    function Invoke-Users([bool] $Present = $true, [bool] $CheckMode = $false, [bool] $AnyVersion = $true, [bool] $NewUsers = $true) {
        $global:Ansible = [pscustomobject] @{ CheckMode = $CheckMode; Changed = $true; Failed = $false; Diff = @{}; Result = @{} }
        & $users -Values $values -Present $Present -ExistingUsers $true -NewUsers $NewUsers -AnyVersion $AnyVersion -Oldest '16.0.6769.2015' -WhatIf:$CheckMode
        $global:Ansible
    }

    # Runs something with a hive loaded as HKU\pester.
    function Use-Hive([string] $File, [scriptblock] $Do) {
        reg.exe load HKU\pester $File *> $null
        $LASTEXITCODE | Should -Be 0
        try { & $Do } finally {
            [gc]::Collect()
            [gc]::WaitForPendingFinalizers()
            reg.exe unload HKU\pester *> $null
        }
        $LASTEXITCODE | Should -Be 0
    }

    # A value in a hive: kind and data as text.
    function Get-HiveValue([string] $File, [string] $Key, [string] $Name) {
        Use-Hive $File {
            $opened = [Microsoft.Win32.Registry]::Users.OpenSubKey("pester\$Key")
            if ($opened) {
                if ($opened.GetValueNames() -contains $Name) { "$($opened.GetValueKind($Name)) $($opened.GetValue($Name))" }
                $opened.Dispose()
            }
        }
    }

    function Test-HiveKey([string] $File, [string] $Key) {
        Use-Hive $File {
            $opened = [Microsoft.Win32.Registry]::Users.OpenSubKey("pester\$Key")
            if ($opened) { $opened.Dispose() }
            [bool] $opened
        }
    }

    # Renames the key of a profile, as Windows does with one that it could not load.
    function Rename-Profile([string] $Name, [string] $New) {
        Rename-Item "HKLM:\SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList\$Name" $New
    }

    # A profile that a person got in place of the one that was set aside; its hive is a copy of that one's.
    function New-Profile($Person, [string] $Folder, [int] $State) {
        $null = [IO.Directory]::CreateDirectory($Folder)
        [IO.File]::Copy($Person.Hive, "$Folder\NTUSER.DAT")
        $key = [Microsoft.Win32.Registry]::LocalMachine.CreateSubKey("SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList\$($Person.Sid)")
        $key.SetValue('ProfileImagePath', $Folder, 'ExpandString')
        $key.SetValue('State', $State, 'DWord')
        $key.Dispose()
    }

    function Remove-Profile($Person, [string] $Folder) {
        if (-not $Person.Sid -or -not $Folder) { throw 'no profile to remove' }
        [Microsoft.Win32.Registry]::LocalMachine.DeleteSubKeyTree("SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList\$($Person.Sid)")
        [IO.Directory]::Delete($Folder, $true)
    }

    function Set-HiveValue([string] $File, [string] $Key, [string] $Name, $Data, [string] $Kind) {
        Use-Hive $File {
            $opened = [Microsoft.Win32.Registry]::Users.CreateSubKey("pester\$Key")
            $opened.SetValue($Name, $Data, $Kind)
            $opened.Dispose()
        }
    }
}

Describe 'users.ps1' {
    BeforeEach {
        $anna = New-Person 'pester-anna'
        $bert = New-Person 'pester-bert'
    }
    AfterEach {
        $null = Invoke-Users -Present $false
        $anna, $bert | ForEach-Object { Remove-Person $_ }
        [Microsoft.Win32.Registry]::Users.GetSubKeyNames() | Should -Not -Match 'mailhost|pester'
    }

    It 'sets the values for a user who is not logged on, for the one who is, and for new users' {
        $ran = Invoke-Users
        $ran.Changed | Should -BeTrue
        $ran.Result.problems | Should -BeNullOrEmpty
        Get-HiveValue $anna.Hive $setup $value | Should -Be 'DWord 1'
        Get-HiveValue $anna.Hive 'Software\Microsoft\Office\16.0\Outlook\AutoDiscover\RedirectServers' 'host.test' | Should -Be 'String '
        Get-ItemPropertyValue "HKCU:\$setup" $value | Should -Be 1
        Get-HiveValue "$env:SystemDrive\Users\Default\NTUSER.DAT" $setup $value | Should -Be 'DWord 1'
    }

    It 'changes nothing when it runs again' {
        $null = Invoke-Users
        $ran = Invoke-Users
        $ran.Changed | Should -BeFalse
        $ran.Diff.before | Should -Be $ran.Diff.after
    }

    It 'says user, key, old and new value in check mode, and changes nothing' {
        Set-HiveValue $anna.Hive $setup $value 0 'DWord'
        $ran = Invoke-Users -CheckMode $true
        $ran.Changed | Should -BeTrue
        $line = [regex]::Escape("pester-anna ($($anna.Sid)): $setup\$value = ")
        $ran.Diff.before | Should -Match "$line`DWord `"0`""
        $ran.Diff.after | Should -Match "$line`DWord `"1`""
        $ran.Diff.before | Should -Match 'new users: .* = not set'
        Get-HiveValue $anna.Hive $setup $value | Should -Be 'DWord 0'
        Get-HiveValue $bert.Hive $setup $value | Should -BeNullOrEmpty
        Test-Path 'HKLM:\SOFTWARE\mailhost.autoconfig' | Should -BeFalse
    }

    It 'puts back what was there before' {
        Set-HiveValue $anna.Hive $setup $value '%TEMP%' 'ExpandString'
        $null = Invoke-Users
        $null = Invoke-Users
        Get-HiveValue $anna.Hive $setup $value | Should -Be 'DWord 1'
        (Invoke-Users -Present $false).Changed | Should -BeTrue
        Get-HiveValue $anna.Hive $setup $value | Should -Match '^ExpandString '
        Get-HiveValue $bert.Hive $setup $value | Should -BeNullOrEmpty
        (Invoke-Users -Present $false).Changed | Should -BeFalse
        Test-Path 'HKLM:\SOFTWARE\mailhost.autoconfig' | Should -BeFalse
    }

    It 'takes back what is not wanted any more' {
        $null = Invoke-Users
        $ran = Invoke-Users -NewUsers $false
        $ran.Changed | Should -BeTrue
        Get-HiveValue "$env:SystemDrive\Users\Default\NTUSER.DAT" $setup $value | Should -BeNullOrEmpty
        Get-HiveValue $anna.Hive $setup $value | Should -Be 'DWord 1'
    }

    It 'reports a hive in use and goes on' {
        $held = [IO.File]::Open($anna.Hive, 'Open', 'ReadWrite', 'None')
        try { $ran = Invoke-Users } finally { $held.Dispose() }
        $ran.Result.left -join "`n" | Should -Match 'pester-anna .* is in use or broken'
        Get-HiveValue $bert.Hive $setup $value | Should -Be 'DWord 1'
    }

    It 'reports a broken hive and goes on' {
        $good = [IO.File]::ReadAllBytes($anna.Hive)
        [IO.File]::WriteAllBytes($anna.Hive, [byte[]] (1..9999 | ForEach-Object { $_ % 256 }))
        try { $ran = Invoke-Users } finally { [IO.File]::WriteAllBytes($anna.Hive, $good) }
        $ran.Result.left -join "`n" | Should -Match 'pester-anna .* is in use or broken'
        Get-HiveValue $bert.Hive $setup $value | Should -Be 'DWord 1'
    }

    It 'reports a mandatory profile and goes on' {
        $mandatory = [IO.Path]::ChangeExtension($anna.Hive, '.MAN')
        [IO.File]::Move($anna.Hive, $mandatory)
        try { $ran = Invoke-Users } finally { [IO.File]::Move($mandatory, $anna.Hive) }
        $ran.Result.left -join "`n" | Should -Match 'pester-anna .*mandatory'
        Get-HiveValue $anna.Hive $setup $value | Should -BeNullOrEmpty
        Get-HiveValue $bert.Hive $setup $value | Should -Be 'DWord 1'
    }

    It 'unloads what a run that was cut off left' {
        reg.exe load "HKU\mailhost.autoconfig-$($anna.Sid)" $anna.Hive *> $null
        (Invoke-Users).Result.problems | Should -BeNullOrEmpty
        Get-HiveValue $anna.Hive $setup $value | Should -Be 'DWord 1'
    }
}

Describe 'a profile that was set aside' {
    BeforeEach {
        $anna = New-Person 'pester-anna'
        Set-HiveValue $anna.Hive $setup $value 0 'DWord'
        $null = Invoke-Users
        Rename-Profile $anna.Sid "$($anna.Sid).bak"
        $new = "$env:SystemDrive\Users\pester-anna.NEW"
        $said = [regex]::Escape("pester-anna ($($anna.Sid)): the profile was set aside ($($anna.Sid).bak in ProfileList)")
    }
    AfterEach {
        $null = Invoke-Users -Present $false
        Remove-Person $anna
        Test-Path 'HKLM:\SOFTWARE\mailhost.autoconfig' | Should -BeFalse
    }

    It 'is named, and restored once it is back' {
        Invoke-Users | ForEach-Object { $_.Result.left } | Should -Match $said
        (Invoke-Users -Present $false).Result.left | Should -Match $said
        (Invoke-Users -Present $false).Changed | Should -BeFalse
        Get-HiveValue $anna.Hive $setup $value | Should -Be 'DWord 1'
        Rename-Profile "$($anna.Sid).bak" $anna.Sid
        (Invoke-Users -Present $false).Changed | Should -BeTrue
        Get-HiveValue $anna.Hive $setup $value | Should -Be 'DWord 0'
    }

    It 'is named once, while a temporary one stands for it' {
        New-Profile $anna $new 0x800
        try { $ran = Invoke-Users -Present $false }
        finally {
            Remove-Profile $anna $new
            Rename-Profile "$($anna.Sid).bak" $anna.Sid
        }
        $ran.Result.left | Should -HaveCount 1
        $ran.Result.left | Should -Match $said
        $null = Invoke-Users -Present $false
        Get-HiveValue $anna.Hive $setup $value | Should -Be 'DWord 0'
    }

    It 'keeps its record beside that of the profile that the person got since' {
        New-Profile $anna $new 0
        try {
            Set-HiveValue "$new\NTUSER.DAT" $setup $value 7 'DWord'
            (Invoke-Users).Result.left | Should -Match $said
            Get-HiveValue "$new\NTUSER.DAT" $setup $value | Should -Be 'DWord 1'
            $null = Invoke-Users -Present $false
            Get-HiveValue "$new\NTUSER.DAT" $setup $value | Should -Be 'DWord 7'
        }
        finally {
            Remove-Profile $anna $new
            Rename-Profile "$($anna.Sid).bak" $anna.Sid
        }
        $null = Invoke-Users -Present $false
        Get-HiveValue $anna.Hive $setup $value | Should -Be 'DWord 0'
    }
}

Describe 'a hive that another program left loaded' {
    BeforeEach { $anna = New-Person 'pester-anna' }
    AfterEach {
        $null = Invoke-Users -Present $false
        Remove-Person $anna
    }

    It 'is changed where it is, as <where>, and stays loaded' -ForEach @(
        @{ where = 'HKLM\PESTERTOOL' }, @{ where = 'HKU\PESTERTOOL' }
    ) {
        reg.exe load $where $anna.Hive *> $null
        try {
            $checked = Invoke-Users -CheckMode $true
            $ran = Invoke-Users
            $again = Invoke-Users
            $there = Test-Path "Registry::$($where -replace '^HKU', 'HKEY_USERS' -replace '^HKLM', 'HKEY_LOCAL_MACHINE')"
        }
        finally {
            [gc]::Collect()
            [gc]::WaitForPendingFinalizers()
            reg.exe unload $where *> $null
        }
        $there | Should -BeTrue
        $checked.Diff.after | Should -Match "pester-anna .*$value = DWord"
        foreach ($one in $checked, $ran, $again) {
            $one.Result.left -join "`n" | Should -Not -Match 'pester-anna'
            $one.Result.elsewhere -join "`n" | Should -Match ([regex]::Escape("NTUSER.DAT as $where"))
        }
        $again.Changed | Should -BeFalse
        Get-HiveValue $anna.Hive $setup $value | Should -Be 'DWord 1'
    }

    It 'may be that of new users' {
        $default = "$env:SystemDrive\Users\Default\NTUSER.DAT"
        reg.exe load HKU\DEFAULT $default *> $null
        try { $ran = Invoke-Users }
        finally {
            [gc]::Collect()
            [gc]::WaitForPendingFinalizers()
            reg.exe unload HKU\DEFAULT *> $null
        }
        $ran.Result.elsewhere -join "`n" | Should -Match 'new users: .* as HKU\\DEFAULT'
        Get-HiveValue $default $setup $value | Should -Be 'DWord 1'
    }
}

Describe 'keys' {
    BeforeEach { $anna = New-Person 'pester-anna' }
    AfterEach {
        $null = Invoke-Users -Present $false
        Remove-Person $anna
    }

    It 'that a run made go with the last value' {
        Set-HiveValue $anna.Hive 'Software\Microsoft\Office\16.0\Mine' 'Mine' 1 'DWord'
        $null = Invoke-Users
        $checked = Invoke-Users -Present $false -CheckMode $true
        $ran = Invoke-Users -Present $false
        $ran.Diff.before | Should -Be $checked.Diff.before
        $ran.Diff.before | Should -Match 'Outlook\\AutoDiscover\\RedirectServers = an empty key'
        Test-HiveKey $anna.Hive 'Software\Microsoft\Office\16.0\Outlook' | Should -BeFalse
        Test-HiveKey $anna.Hive 'Software\Microsoft\Office\16.0\Mine' | Should -BeTrue
    }

    It 'that were there stay, empty or not' {
        Set-HiveValue $anna.Hive $setup 'Mine' 1 'DWord'
        Use-Hive $anna.Hive { [Microsoft.Win32.Registry]::Users.CreateSubKey('pester\Software\Microsoft\Office\16.0\Outlook\AutoDiscover').Dispose() }
        $null = Invoke-Users
        $null = Invoke-Users -Present $false
        Get-HiveValue $anna.Hive $setup 'Mine' | Should -Be 'DWord 1'
        Test-HiveKey $anna.Hive 'Software\Microsoft\Office\16.0\Outlook\AutoDiscover' | Should -BeTrue
        Test-HiveKey $anna.Hive 'Software\Microsoft\Office\16.0\Outlook\AutoDiscover\RedirectServers' | Should -BeFalse
    }

    It 'in which the user put something since stay' {
        $null = Invoke-Users
        Set-HiveValue $anna.Hive $setup 'Mine' 1 'DWord'
        $null = Invoke-Users -Present $false
        Get-HiveValue $anna.Hive $setup 'Mine' | Should -Be 'DWord 1'
        (Invoke-Users -Present $false).Changed | Should -BeFalse
    }
}

Describe 'a hive of a run that was cut off' {
    It 'is unloaded even where there is nothing to do for its user' {
        $anna = New-Person 'pester-anna'
        try {
            reg.exe load "HKU\mailhost.autoconfig-$($anna.Sid)" $anna.Hive *> $null
            (Invoke-Users -Present $false).Changed | Should -BeFalse
            [Microsoft.Win32.Registry]::Users.GetSubKeyNames() | Should -Not -Match 'mailhost'
        }
        finally { Remove-Person $anna }
    }
}

Describe 'the version of Outlook' {
    BeforeAll {
        $paths = 'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\App Paths\OUTLOOK.EXE'
        if (Test-Path $paths) { throw 'run this where no Outlook is installed' }
        function New-Outlook([string] $Version) {
            $directory = New-Item -ItemType Directory -Path (Join-Path $TestDrive $Version)
            New-Program $directory.FullName $Version
            $null = New-Item -Path $paths -Force
            $null = New-ItemProperty -Path $paths -Name Path -Value $directory.FullName -Force
        }
    }
    AfterEach {
        $null = Invoke-Users -Present $false
        if (Test-Path $paths) { Remove-Item $paths }
    }

    It 'none: the PC is reported and left alone' {
        $ran = Invoke-Users -AnyVersion $false
        $ran.Changed | Should -BeFalse
        $ran.Result.left | Should -Match 'no Outlook of version 16.0.6769.2015 or later'
    }

    It 'too old: the PC is reported and left alone' {
        New-Outlook '15.0.5603.1000'
        $ran = Invoke-Users -AnyVersion $false
        $ran.Changed | Should -BeFalse
        $ran.Result.left | Should -Match 'found: 15.0.5603.1000'
    }

    It 'is read where <what> notes it' -ForEach @(
        @{ what = 'Click-to-Run'; view = 'Registry64'; key = 'ClickToRun\Configuration'; name = 'InstallationPath'; below = 'root\Office16' }
        @{ what = 'a setup of 64 bits'; view = 'Registry64'; key = '16.0\Outlook\InstallRoot'; name = 'Path'; below = '.' }
        @{ what = 'a setup of 32 bits'; view = 'Registry32'; key = '16.0\Outlook\InstallRoot'; name = 'Path'; below = '.' }
    ) {
        $directory = New-Item -ItemType Directory -Path (Join-Path $TestDrive "$what\$below")
        New-Program $directory.FullName '16.0.17830.20138'
        $base = [Microsoft.Win32.RegistryKey]::OpenBaseKey('LocalMachine', $view)
        $opened = $base.CreateSubKey("SOFTWARE\Microsoft\Office\$key")
        $opened.SetValue($name, (Join-Path $TestDrive $what), 'ExpandString')
        $opened.Dispose()
        try { $ran = Invoke-Users -AnyVersion $false -CheckMode $true }
        finally { $base.DeleteSubKeyTree("SOFTWARE\Microsoft\Office\$key") }
        $ran.Result.versions | Should -Be '16.0.17830.20138'
        $ran.Changed | Should -BeTrue
    }

    It 'affected: the values are set' {
        New-Outlook '16.0.6769.2015'
        $ran = Invoke-Users -AnyVersion $false -CheckMode $true
        $ran.Changed | Should -BeTrue
        $ran.Result.versions | Should -Be '16.0.6769.2015'
    }
}
