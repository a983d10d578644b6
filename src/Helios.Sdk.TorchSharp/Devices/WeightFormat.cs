namespace Helios.Sdk.TorchSharp.Devices;

/// <summary>How a matrix lies in memory.</summary>
internal enum WeightFormat
{
    /// <summary>In the type of activations.</summary>
    Plain,

    /// <summary>8 bits a weight, a scale for each row.</summary>
    Int8,

    /// <summary>4 bits a weight, a scale and a zero for each group of a row.</summary>
    Int4,
}
