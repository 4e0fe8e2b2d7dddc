# The script for domain controllers on a domain that is played: modules/ has its cmdlets.
# So this shows what the script asks for, not what Group Policy does with it.

BeforeAll {
    $policy = Join-Path $PSScriptRoot '..\..\roles\outlook\files\policy.ps1'
    $env:PSModulePath = (Join-Path $PSScriptRoot 'modules') + [IO.Path]::PathSeparator + $env:PSModulePath
    $key = 'Software\Policies\Microsoft\Office\16.0\Outlook'
    $both = ConvertTo-Json @(
        @{ key = "$key\setup"; name = 'One'; type = 'REG_DWORD'; data = 1 }
        @{ key = "$key\AutoDiscover\RedirectServers"; name = 'host.test'; type = 'REG_SZ'; data = '' }
    )
    $one = ConvertTo-Json -InputObject @(@{ key = "$key\setup"; name = 'One'; type = 'REG_DWORD'; data = 1 })

    function Invoke-Policy([string] $Values = $both, [string] $Links = '[]', [string] $Groups = '[]', [bool] $Present = $true, [bool] $CheckMode = $false) {
        $global:Ansible = [pscustomobject] @{ CheckMode = $CheckMode; Changed = $true; Failed = $false; Diff = @{}; Result = @{} }
        $global:Domain.Writes = 0
        & $policy -Name 'Outlook' -Values $Values -Links $Links -Groups $Groups -Present $Present -WhatIf:$CheckMode
        $global:Ansible
    }
}

Describe 'policy.ps1' {
    BeforeEach {
        $account = ([Security.Principal.SecurityIdentifier] 'S-1-5-11').Translate([Security.Principal.NTAccount]).Value
        $global:Domain = @{
            File = $null; Gpo = $null; Links = @(); Values = @{}; Writes = 0
            Rights = @{ 'S-1-5-21-1-2-3-512' = 'GpoEditDeleteModifySecurity' }
            Names = @{ 'S-1-5-11' = ($account -split '\\')[-1]; 'S-1-5-21-1-2-3-512' = 'Domain Admins'; 'S-1-5-21-1-2-3-1104' = 'Outlook users' }
        }
    }

    It 'makes the object, links it to the domain, and changes nothing again' {
        (Invoke-Policy).Changed | Should -BeTrue
        $Domain.Values["$key\setup\One"].Data | Should -Be 1
        $Domain.Values["$key\AutoDiscover\RedirectServers\host.test"].Type | Should -Be 'String'
        $Domain.Links | Should -Be 'DC=pester,DC=test'
        $Domain.Rights['S-1-5-11'] | Should -Be 'GpoApply'
        (Invoke-Policy).Changed | Should -BeFalse
        $Domain.Writes | Should -Be 0
    }

    It 'writes nothing in check mode, and says what it would' {
        $ran = Invoke-Policy -CheckMode $true
        $Domain.Writes | Should -Be 0
        $ran.Changed | Should -BeTrue
        $ran.Diff.after | Should -Match 'setup\\One = DWord "1"'
        $ran.Diff.after | Should -Match 'linked to DC=pester,DC=test'
    }

    It 'moves the link and takes back values that are not wanted' {
        $null = Invoke-Policy
        $ran = Invoke-Policy -Values $one -Links '["OU=Staff,DC=pester,DC=test"]'
        $Domain.Links | Should -Be 'OU=Staff,DC=pester,DC=test'
        $Domain.Values.Keys | Should -Be "$key\setup\One"
        $ran.Diff.before | Should -Match 'linked to DC=pester'
    }

    It 'links to a site, and takes back a link to a site that somebody made' {
        $site = 'CN=Paris,CN=Sites,CN=Configuration,DC=pester,DC=test'
        $null = Invoke-Policy -Links "[`"$site`"]"
        $Domain.Links | Should -Be $site
        (Invoke-Policy -Links "[`"$site`"]").Changed | Should -BeFalse
        $ran = Invoke-Policy -CheckMode $true
        $ran.Diff.before | Should -Match "linked to $site"
        $null = Invoke-Policy -Present $false
        $Domain.Gpo | Should -BeNullOrEmpty
        $Domain.Links | Should -BeNullOrEmpty
    }

    It 'filters by a group, and lets all read' {
        $null = Invoke-Policy -Groups '["Outlook users"]'
        $Domain.Rights['S-1-5-21-1-2-3-1104'] | Should -Be 'GpoApply'
        $Domain.Rights['S-1-5-11'] | Should -Be 'GpoRead'
        (Invoke-Policy -Groups '["Outlook users"]').Changed | Should -BeFalse
        $null = Invoke-Policy
        $Domain.Rights.Keys | Should -Not -Contain 'S-1-5-21-1-2-3-1104'
        $Domain.Rights['S-1-5-11'] | Should -Be 'GpoApply'
        $Domain.Rights['S-1-5-21-1-2-3-512'] | Should -Be 'GpoEditDeleteModifySecurity'
    }

    It 'removes links and object' {
        $null = Invoke-Policy
        (Invoke-Policy -Present $false).Changed | Should -BeTrue
        $Domain.Gpo | Should -BeNullOrEmpty
        $Domain.Links | Should -BeNullOrEmpty
        (Invoke-Policy -Present $false).Changed | Should -BeFalse
    }

    It 'refuses, before it writes, <what>' -ForEach @(
        @{ what = 'a unit that is not there'; with = @{ Links = '["OU=Nobody,DC=pester,DC=test"]' }; says = 'autoconfig_outlook_gpo_links: no "OU=Nobody*' }
        @{ what = 'a group that is not there'; with = @{ Groups = '["Nobody"]' }; says = 'autoconfig_outlook_gpo_security_filter: no group "Nobody"*' }
    ) {
        { Invoke-Policy @with } | Should -Throw $says
        $Domain.Writes | Should -Be 0
    }

    It 'leaves the object of somebody else' {
        $global:Domain.Gpo = [pscustomobject] @{ Id = [guid]::NewGuid(); DisplayName = 'Outlook'; Description = 'Mine' }
        { Invoke-Policy } | Should -Throw 'autoconfig_outlook_gpo_name: *'
        (Invoke-Policy -Present $false).Changed | Should -BeFalse
        $Domain.Writes | Should -Be 0
    }
}
