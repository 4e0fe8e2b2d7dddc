# Made by docs/manual.py (make docs) from the program's parser.
_mail_autoconfig() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} path='' word
    COMPREPLY=()
    for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        case "$path $word" in
            ' serve') path='serve' ;;
            ' health') path='health' ;;
            ' sign') path='sign' ;;
            ' check') path='check' ;;
            ' verify') path='verify' ;;
            ' snippet') path='snippet' ;;
            ' dns') path='dns' ;;
            ' certificates') path='certificates' ;;
            ' challenge') path='challenge' ;;
            ' share') path='share' ;;
            ' issue') path='issue' ;;
            ' doctor') path='doctor' ;;
            ' import') path='import' ;;
            ' sources') path='sources' ;;
            ' metrics') path='metrics' ;;
            ' names') path='names' ;;
            'share pack') path='share pack' ;;
            'share relay') path='share relay' ;;
            'share fetch') path='share fetch' ;;
            'sources update') path='sources update' ;;
            'sources run') path='sources run' ;;
            'sources list') path='sources list' ;;
            'sources status') path='sources status' ;;
            'sources check') path='sources check' ;;
        esac
    done
    local words='' files=''
    case "$path" in
        '') words='serve health sign check verify snippet dns certificates challenge share issue doctor import sources metrics names -h --help --version' ;;
        'serve') words='-h --help --socket --port --host --signer --workers --drain --store' files=1 ;;
        'health') words='-h --help --port' ;;
        'sign') words='-h --help --socket' files=1 ;;
        'check') words='-h --help' files=1 ;;
        'verify') words='-h --help --connect --connect-http --as-proxy --socket --ca --any-ca --only --store --sources --named --json --address' files=1 ;;
        'snippet') words='apache htaccess nginx -h --help' files=1 ;;
        'dns') words='-h --help --address --caa --ttl --store' files=1 ;;
        'certificates') words='-h --help --check --json --patient --renew' files=1 ;;
        'challenge') words='present remove check -h --help --dry-run' files=1 ;;
        'share') words='pack relay fetch -h --help' ;;
        'share pack') words='-h --help --assignment' files=1 ;;
        'share relay') words='-h --help' files=1 ;;
        'share fetch') words='-h --help --dry-run --assignment --then' files=1 ;;
        'issue') words='-h --help --secret --deployment --names --every --port' files=1 ;;
        'doctor') words='-h --help --domain --inventory --store --log-in --verbose -v --ignore --since --keep --json --html --prometheus --allow-private --ca --name-server --at-once --within' ;;
        'import') words='-h --help --from-domain --domain --address --allow-private --ca --name-server' files=1 ;;
        'sources') words='update run list status check -h --help' ;;
        'sources update') words='-h --help --accept --wait --settings --configuration --secrets --state --store --metrics' ;;
        'sources run') words='-h --help --settings --configuration --secrets --state --store --metrics' ;;
        'sources list') words='-h --help --complete --some --store --state --json' ;;
        'sources status') words='-h --help --complete --state --names --json' ;;
        'sources check') words='-h --help --configuration' files=1 ;;
        'metrics') words='-h --help' files=1 ;;
        'names') words='-h --help --check --json --then --configuration --store --state' files=1 ;;
    esac
    case "$path $previous" in
        'serve --socket') words='' files=1 ;;
        'serve --port') words='' files= ;;
        'serve --host') words='' files= ;;
        'serve --signer') words='' files=1 ;;
        'serve --workers') words='' files= ;;
        'serve --drain') words='' files= ;;
        'serve --store') words='' files=1 ;;
        'health --port') words='' files= ;;
        'sign --socket') words='' files=1 ;;
        'verify --connect') words='' files= ;;
        'verify --connect-http') words='' files= ;;
        'verify --as-proxy') words='' files= ;;
        'verify --socket') words='' files=1 ;;
        'verify --ca') words='' files=1 ;;
        'verify --only') words='' files= ;;
        'verify --store') words='' files=1 ;;
        'verify --sources') words='' files=1 ;;
        'verify --named') words='' files=1 ;;
        'verify --address') words='' files= ;;
        'dns --address') words='' files= ;;
        'dns --caa') words='' files= ;;
        'dns --ttl') words='' files= ;;
        'dns --store') words='' files=1 ;;
        'certificates --renew') words='' files= ;;
        'share pack --assignment') words='' files=1 ;;
        'share fetch --assignment') words='' files=1 ;;
        'share fetch --then') words='' files= ;;
        'issue --secret') words='' files= ;;
        'issue --deployment') words='' files= ;;
        'issue --names') words='' files= ;;
        'issue --every') words='' files= ;;
        'issue --port') words='' files= ;;
        'doctor --domain') words='' files= ;;
        'doctor --inventory') words='' files=1 ;;
        'doctor --store') words='' files=1 ;;
        'doctor --ignore') words='' files= ;;
        'doctor --since') words='' files=1 ;;
        'doctor --keep') words='' files=1 ;;
        'doctor --html') words='' files=1 ;;
        'doctor --prometheus') words='' files=1 ;;
        'doctor --ca') words='' files=1 ;;
        'doctor --name-server') words='' files= ;;
        'doctor --at-once') words='' files= ;;
        'doctor --within') words='' files= ;;
        'import --from-domain') words='' files= ;;
        'import --domain') words='' files= ;;
        'import --address') words='' files= ;;
        'import --ca') words='' files=1 ;;
        'import --name-server') words='' files= ;;
        'sources update --accept') words='' files= ;;
        'sources update --wait') words='' files= ;;
        'sources update --settings') words='' files=1 ;;
        'sources update --configuration') words='' files=1 ;;
        'sources update --secrets') words='' files=1 ;;
        'sources update --state') words='' files=1 ;;
        'sources update --store') words='' files=1 ;;
        'sources update --metrics') words='' files=1 ;;
        'sources run --settings') words='' files=1 ;;
        'sources run --configuration') words='' files=1 ;;
        'sources run --secrets') words='' files=1 ;;
        'sources run --state') words='' files=1 ;;
        'sources run --store') words='' files=1 ;;
        'sources run --metrics') words='' files=1 ;;
        'sources list --store') words='' files=1 ;;
        'sources list --state') words='' files=1 ;;
        'sources status --state') words='' files=1 ;;
        'sources status --names') words='' files=1 ;;
        'sources check --configuration') words='' files=1 ;;
        'names --then') words='' files= ;;
        'names --configuration') words='' files=1 ;;
        'names --store') words='' files=1 ;;
        'names --state') words='' files=1 ;;
    esac
    # shellcheck disable=SC2207
    [ -z "$words" ] || COMPREPLY=($(compgen -W "$words" -- "$current"))
    if [ -n "$files" ] && [ "${current#-}" = "$current" ]; then
        compopt -o filenames 2>/dev/null
        # shellcheck disable=SC2207
        COMPREPLY+=($(compgen -f -- "$current"))
    fi
}
complete -F _mail_autoconfig mail-autoconfig
