# SPDX-License-Identifier: Apache-2.0
# The functions of the zsh completion; 'strata completion zsh' puts the tools' own around them.

# The list after -o: names, and the values of those that have a few.
_strata_list() { # KIND FORMAT-FLAG...
  local kind=$1 format= flag REPLY name
  shift
  if [[ $kind = create ]]; then format=raw; fi
  for flag; do
    if (( ${+opt_args[$flag]} )); then format=${opt_args[$flag]}; fi
  done
  compset -P '*,'
  if compset -P '*='; then
    name=${IPREFIX##*,}
    name=${name%%=*}
    # What -o or --options= itself is written with is no name.
    name=${name#-o}
    _strata_option_values $kind "$format" "$name"
    compadd -S '' -- ${=REPLY}
  else
    _strata_option_names $kind "$format"
    compadd -S = -- ${=REPLY}
    compadd -- help
  fi
}

# Operands of the kind name=value.
_strata_assignments() { # NAME=[FILE]...
  local assignment
  for assignment; do
    if [[ $assignment = *=FILE ]] && compset -P "${assignment%FILE}"; then
      _files
      return
    fi
  done
  compadd -S '' -- ${@%FILE}
}

_strata_start() {
  case $service in
    strata) _strata_of_strata "$@" ;;
    *) _strata_of_$service "$@" ;;
  esac
}
