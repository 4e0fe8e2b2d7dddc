# Lets classic Outlook ask the server of the mail domain. Run it as the user whose Outlook it is: by
# Intune with the logged-on credentials, or as a log-on script. A second run changes nothing.
$ErrorActionPreference = 'Stop'
$values = @(
{% for value in values %}
    @{ Key = {{ literal("HKCU:\\" ~ value.path()) }}; Name = {{ literal(value.name) }}; Type = '{{ types[value.type] }}'; Data = {{ literal(value.data) }} }
{% endfor %}
)
foreach ($value in $values) {
    if (-not (Test-Path -LiteralPath $value.Key)) {
        $null = New-Item -Path $value.Key -Force
    }
    $new = @{ LiteralPath = $value.Key; Name = $value.Name; PropertyType = $value.Type; Value = $value.Data }
    $null = New-ItemProperty @new -Force
}
