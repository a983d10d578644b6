using System.Runtime.CompilerServices;

namespace Helios.Sdk.Tokenization.ChatTemplates.Values;

/// <summary>
/// Compares the keys of maps. Numbers are hashed with a seed of this process, as texts are anyway: a file cannot hold numbers that all
/// fall together.
/// </summary>
internal sealed class KeyComparer : IEqualityComparer<object>
{
    public static KeyComparer Instance { get; } = new();

    public new bool Equals(object? x, object? y) => object.Equals(x, y);

    public int GetHashCode(object obj) => obj switch
    {
        string text => text.GetHashCode(StringComparison.Ordinal),
        double number => Mix(BitConverter.DoubleToInt64Bits(number == 0 ? 0.0 : number)),
        long number => Mix(number),
        _ => RuntimeHelpers.GetHashCode(obj),
    };

    private static int Mix(long bits) => HashCode.Combine((int)bits, (int)(bits >> 32));
}
