using Helios.Sdk.Tokenization.ChatTemplates.Syntax;
using Helios.Sdk.Tokenization.ChatTemplates.Values;

namespace Helios.Sdk.Tokenization.ChatTemplates.Running;

/// <summary>What stands behind <c>is</c>.</summary>
internal static class Tests
{
    public static bool Holds(Value value, CallArguments arguments, string name)
    {
        switch (name)
        {
            case "eq" or "equalto" or "==" or "sameas":
                return Operators.Holds("==", value, arguments.Single("other"), arguments.Meter);
            case "ne" or "!=":
                return Operators.Holds("!=", value, arguments.Single("other"), arguments.Meter);
            case "lt" or "lessthan" or "<":
                return Operators.Holds("<", value, arguments.Single("other"), arguments.Meter);
            case "le" or "<=":
                return Operators.Holds("<=", value, arguments.Single("other"), arguments.Meter);
            case "gt" or "greaterthan" or ">":
                return Operators.Holds(">", value, arguments.Single("other"), arguments.Meter);
            case "ge" or ">=":
                return Operators.Holds(">=", value, arguments.Single("other"), arguments.Meter);
            case "in":
                return Operators.Holds("in", value, arguments.Single("seq"), arguments.Meter);
            case "divisibleby":
                return !Operators.Apply("%", value, arguments.Single("num"), arguments.Meter).IsTrue;
        }

        arguments.None();
        return name switch
        {
            "defined" => value is not UndefinedValue,
            "undefined" => value is UndefinedValue,
            "none" => value is NoneValue,
            "true" => value is BoolValue { IsTrue: true },
            "false" => value is BoolValue { IsTrue: false },
            "boolean" => value is BoolValue,
            "string" => value is TextValue,
            "number" => value is IntValue or FloatValue or BoolValue,
            "integer" => value is IntValue,
            "float" => value is FloatValue,
            "mapping" => value is MapValue,
            "sequence" => value is ListValue or TextValue or MapValue or UndefinedValue,
            "iterable" => value is ListValue or TextValue or MapValue or UndefinedValue,
            "callable" => value is FunctionValue,
            "odd" => Operators.Apply("%", value, new IntValue(2), arguments.Meter).IsTrue,
            "even" => !Operators.Apply("%", value, new IntValue(2), arguments.Meter).IsTrue,
            "lower" => PythonCase.IsLower(ValueText.Str(value, arguments.Meter).Text, arguments.Meter),
            "upper" => PythonCase.IsUpper(ValueText.Str(value, arguments.Meter).Text, arguments.Meter),
            _ => throw arguments.Meter.Fail($"the test '{name}' is not supported"),
        };
    }
}
