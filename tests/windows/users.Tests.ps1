#Requires -RunAsAdministrator
# The script of the role on a real Windows, for users who are made for it: Invoke-Pester tests/windows

BeforeAll {
    $users = Join-Path $PSScriptRoot '..\..\roles\outlook\files\users.ps1'
    $setup = 'Software\Microsoft\Office\16.0\Outlook\setup'
    $value = 'DisableOffice365SimplifiedAccountCreation'
    $values = ConvertTo-Json @(
        @{ key = $setup; name = $value; type = 'REG_DWORD'; data = 1 }
        @{ key = 'Software\Microsoft\Office\16.0\Outlook\AutoDiscover\RedirectServers'; name = 'host.test'; type = 'REG_SZ'; data = '' }
    )
    $create = '[DllImport("userenv.dll", CharSet = CharSet.Unicode)] public static extern int CreateProfile(string sid, string name, System.Text.StringBuilder path, uint size);'
    Add-Type -Namespace MailAutoconfig -Name Profiles -MemberDefinition $create

    # Runs the script as ansible.windows.win_powershell does.
    function Invoke-Users([bool] $Present = $true, [bool] $CheckMode = $false, [bool] $AnyVersion = $true, [bool] $NewUsers = $true) {
        $global:Ansible = [pscustomobject] @{ CheckMode = $CheckMode; Changed = $true; Failed = $false; Diff = @{}; Result = @{} }
        & $users -Values $values -Present $Present -ExistingUsers $true -NewUsers $NewUsers -AnyVersion $AnyVersion -Oldest '16.0.6769.2015' -WhatIf:$CheckMode
        $global:Ansible
    }

    # A local user who has a profile and is not logged on.
    function New-Person([string] $Name) {
        $password = ConvertTo-SecureString "$([guid]::NewGuid())Aa1!" -AsPlainText -Force
        $sid = (New-LocalUser -Name $Name -Password $password).SID.Value
        $path = New-Object Text.StringBuilder 260
        [MailAutoconfig.Profiles]::CreateProfile($sid, $Name, $path, 260) | Should -Be 0
        [pscustomobject] @{ Name = $Name; Sid = $sid; Hive = Join-Path $path.ToString() 'NTUSER.DAT' }
    }

    function Remove-Person($Person) {
        Get-CimInstance Win32_UserProfile -Filter "SID='$($Person.Sid)'" | Remove-CimInstance
        Remove-LocalUser -Name $Person.Name
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
        @(Get-ChildItem 'HKLM:\SOFTWARE\mailhost.autoconfig\Outlook' -ErrorAction SilentlyContinue) | Should -BeNullOrEmpty
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
        @(Get-ChildItem 'HKLM:\SOFTWARE\mailhost.autoconfig\Outlook') | Should -BeNullOrEmpty
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

Describe 'the version of Outlook' {
    BeforeAll {
        $paths = 'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\App Paths\OUTLOOK.EXE'
        if (Test-Path $paths) { throw 'run this where no Outlook is installed' }
        function New-Outlook([string] $Version) {
            $directory = New-Item -ItemType Directory -Path (Join-Path $TestDrive $Version)
            # Windows PowerShell alone compiles programs, so it does for later ones too.
            $code = "[assembly: System.Reflection.AssemblyFileVersion(`"$Version`")] public class P { public static void Main() { } }"
            $file = Join-Path $directory 'OUTLOOK.EXE'
            $command = "Add-Type -TypeDefinition '$code' -OutputAssembly '$file' -OutputType ConsoleApplication"
            powershell.exe -NoProfile -EncodedCommand ([Convert]::ToBase64String([Text.Encoding]::Unicode.GetBytes($command)))
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

    It 'affected: the values are set' {
        New-Outlook '16.0.6769.2015'
        $ran = Invoke-Users -AnyVersion $false -CheckMode $true
        $ran.Changed | Should -BeTrue
        $ran.Result.versions | Should -Be '16.0.6769.2015'
    }
}
