# People and programs on a Windows.

$create = '[DllImport("userenv.dll", CharSet = CharSet.Unicode)] public static extern int CreateProfile(string sid, string name, System.Text.StringBuilder path, uint size);'
Add-Type -Namespace MailAutoconfig -Name Profiles -MemberDefinition $create

# A local user who has a profile and is not logged on.
function New-Person([string] $Name) {
    $password = ConvertTo-SecureString "$([guid]::NewGuid())Aa1!" -AsPlainText -Force
    $sid = (New-LocalUser -Name $Name -Password $password).SID.Value
    $path = New-Object Text.StringBuilder 260
    [MailAutoconfig.Profiles]::CreateProfile($sid, $Name, $path, 260) | Should -Be 0
    [pscustomobject] @{ Name = $Name; Sid = $sid; Hive = Join-Path $path.ToString() 'NTUSER.DAT' }
}

function Remove-Person($Person) {
    if (-not $Person) { return }
    Get-CimInstance Win32_UserProfile -Filter "SID='$($Person.Sid)'" | Remove-CimInstance
    Remove-LocalUser -Name $Person.Name
}

# An OUTLOOK.EXE of a version, in a directory.
function New-Program([string] $Directory, [string] $Version) {
    # Windows PowerShell alone compiles programs, so it does for later ones too.
    $code = "[assembly: System.Reflection.AssemblyFileVersion(`"$Version`")] public class P { public static void Main() { } }"
    $command = "Add-Type -TypeDefinition '$code' -OutputAssembly '$(Join-Path $Directory OUTLOOK.EXE)' -OutputType ConsoleApplication"
    powershell.exe -NoProfile -EncodedCommand ([Convert]::ToBase64String([Text.Encoding]::Unicode.GetBytes($command)))
}
