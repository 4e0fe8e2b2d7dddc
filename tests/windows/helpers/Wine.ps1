# The same on a PC of molecule/windows, where a profile is a key and a folder, and a hive a text file.

$profiles = 'SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList'

function New-Person([string] $Name) {
    $global:LastPerson = 1 + [int] $global:LastPerson
    $person = [pscustomobject] @{ Name = $Name; Sid = "S-1-5-21-9-9-9-$(2000 + $global:LastPerson)"; Hive = "C:\Users\$Name\NTUSER.DAT" }
    $null = [IO.Directory]::CreateDirectory("C:\Users\$Name")
    [IO.File]::Copy('C:\Users\Default\NTUSER.DAT', $person.Hive)
    $key = [Microsoft.Win32.Registry]::LocalMachine.CreateSubKey("$profiles\$($person.Sid)")
    $key.SetValue('ProfileImagePath', "C:\Users\$Name", 'ExpandString')
    $key.Dispose()
    $person
}

function Remove-Person($Person) {
    if (-not $Person) { return }  # was not made: its key and folder would be those of all
    [Microsoft.Win32.Registry]::LocalMachine.DeleteSubKeyTree("$profiles\$($Person.Sid)")
    [IO.Directory]::Delete("C:\Users\$($Person.Name)", $true)
}

function New-Program([string] $Directory, [string] $Version) {
    [IO.File]::Copy("$env:PC_KIT\outlook\$Version\OUTLOOK.EXE", "$Directory\OUTLOOK.EXE")
}
