namespace Helios.Peers.Models;

/// <summary>The model of a run, as each engine reads it.</summary>
internal interface IModelStore
{
    /// <summary>What the model is, for people.</summary>
    string Name { get; }

    /// <summary>Tokens of its vocabulary.</summary>
    int Vocabulary { get; }

    /// <summary>What our engine reads.</summary>
    string Ours();

    /// <summary>What llama.cpp reads: the model in a format, or as it is stored.</summary>
    string Theirs(GgufFormat? format);
}
