# SPDX-License-Identifier: Apache-2.0
# The functions of the bash completion; 'strata completion bash' puts tables and 'complete' around them.

# Leaves in COMPREPLY those of the words that begin with VALUE, with PREFIX in front.
_strata_reply() { # PREFIX VALUE WORD...
  local prefix=$1 value=$2 word
  shift 2
  for word; do
    if [[ $word == "$value"* ]]; then COMPREPLY+=("$prefix$word"); fi
  done
}

# The list after -o: names, and the values of those that have a few.
_strata_list() { # COMMAND PREFIX VALUE WORDS-BEFORE...
  local command=$1 prefix=$2 value=$3 kind=create format=raw flags word previous=
  shift 3
  if [[ $command == *' amend' ]]; then kind=amend format=; fi
  _strata_format_flags "$command"
  flags=" $REPLY "
  for word; do
    if [[ -n $previous && $flags == *" $previous "* ]]; then format=$word; fi
    if [[ $word == --*=* && $flags == *" ${word%%=*} "* ]]; then format=${word#*=}; fi
    previous=$word
  done
  if [[ $value == *,* ]]; then
    prefix+=${value%,*},
    value=${value##*,}
  fi
  compopt -o nospace
  if [[ $value == *=* ]]; then
    _strata_option_values "$kind" "$format" "${value%%=*}"
    # shellcheck disable=SC2086
    _strata_reply "$prefix${value%%=*}=" "${value#*=}" $REPLY
  else
    _strata_option_names "$kind" "$format"
    # shellcheck disable=SC2086
    _strata_reply "$prefix" "$value" ${REPLY// /= }${REPLY:+=}
    _strata_reply "$prefix" "$value" help
  fi
}

_strata_files() { # PREFIX VALUE
  local file
  compopt -o filenames
  while IFS= read -r file; do COMPREPLY+=("$1$file"); done < <(compgen -f -- "$2")
}

# What may stand where an argument of that kind is.
_strata_value() { # KIND COMMAND PREFIX VALUE WORDS-BEFORE...
  case $1 in
    FILE) _strata_files "$3" "$4" ;;
    OPTIONS) _strata_list "${@:2}" ;;
    *)
      _strata_words "$1"
      # shellcheck disable=SC2086
      _strata_reply "$3" "$4" $REPLY
      ;;
  esac
}

_strata() {
  local REPLY words=() rest=${COMP_LINE:0:COMP_POINT} stripped word i
  COMPREPLY=()
  # Readline divides words at '=' and ':' too: what no blank divides is one word again.
  for ((i = 0; i <= COMP_CWORD; i++)); do
    stripped=${rest#"${rest%%[![:blank:]]*}"}
    word=${COMP_WORDS[i]}
    if ((i == COMP_CWORD)); then word=$stripped; fi
    if ((i > 0)) && [[ $stripped == "$rest" ]]; then
      words[${#words[@]} - 1]+=$word
    else
      words+=("$word")
    fi
    rest=${stripped#"$word"}
  done

  local tool=${words[0]##*/} last=$((${#words[@]} - 1)) at=1 command= names
  local current=${words[last]} previous=${words[last - 1]}
  if [[ $tool == strata ]] && ((last > 1)); then
    _strata_tool "${words[1]}"
    if [[ -n $REPLY ]]; then
      tool=$REPLY
      at=2
    fi
  fi
  _strata_commands "$tool"
  names=$REPLY
  local key="$tool "
  if [[ -n $names ]]; then
    while ((at < last)) && [[ ${words[at]} == -* ]]; do
      _strata_argument "$key" "${words[at]}"
      if [[ -n $REPLY ]]; then at=$((at + 1)); fi
      at=$((at + 1))
    done
    if ((at < last)); then
      command=${words[at]}
      key="$tool $command"
    fi
  fi

  if [[ $current == --*=* ]]; then
    _strata_argument "$key" "${current%%=*}"
    _strata_value "$REPLY" "$key" "${current%%=*}=" "${current#*=}" "${words[@]:0:last}"
  else
    REPLY=
    if [[ $previous == -* ]]; then _strata_argument "$key" "$previous"; fi
    if [[ -n $REPLY ]]; then
      _strata_value "$REPLY" "$key" '' "$current" "${words[@]:0:last}"
    elif [[ $current == -* ]]; then
      _strata_flags "$key"
      # shellcheck disable=SC2086
      _strata_reply '' "$current" $REPLY
    elif [[ -n $names && -z $command ]]; then
      # shellcheck disable=SC2086
      _strata_reply '' "$current" $names
    elif _strata_argument "$key" "${current%%=*}=" && [[ $current == *=* && -n $REPLY ]]; then
      _strata_value "$REPLY" "$key" "${current%%=*}=" "${current#*=}"
    else
      _strata_operands "$key"
      if [[ $REPLY == FILE* ]]; then
        _strata_files '' "$current"
      else
        # shellcheck disable=SC2086
        _strata_reply '' "$current" $REPLY
      fi
    fi
  fi

  # Readline has the part up to the last '=' or ':' as words of their own.
  local cut=
  if [[ $current == *[=:]* && $COMP_WORDBREAKS == *[=:]* ]]; then
    cut=${current%"${current##*[=:]}"}
  fi
  for i in "${!COMPREPLY[@]}"; do
    if [[ ${COMPREPLY[i]} == *= ]]; then compopt -o nospace; fi
    COMPREPLY[i]=${COMPREPLY[i]#"$cut"}
  done
}
