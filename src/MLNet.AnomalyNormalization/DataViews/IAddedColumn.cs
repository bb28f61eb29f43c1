using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNet.AnomalyNormalization.DataViews;

/// <summary>A column that a transformer adds, made from one column of its input.</summary>
internal interface IAddedColumn
{
    /// <summary>The name of the added column.</summary>
    string Name { get; }

    /// <summary>The name of the column that it is made from.</summary>
    string Source { get; }

    /// <summary>The name of the column that tells the group of a row, if the added column depends on it.</summary>
    string? GroupSource => null;

    /// <exception cref="ArgumentOutOfRangeException">The source is missing or of another type than is due.</exception>
    void Check(DataViewSchema schema);

    /// <summary>The type of the added column.</summary>
    DataViewType OutputType(DataViewType source);

    /// <summary>Adds what is known of the column beside its values.</summary>
    void Annotate(DataViewSchema.Annotations.Builder annotations, DataViewSchema.Column source);

    /// <summary>A getter for the added column, with buffers of its own, so that getters of different cursors don't meet.</summary>
    /// <param name="input">The row to read from.</param>
    /// <param name="source">The column that it is made from.</param>
    /// <param name="shared">What the added columns of this row have in common, by whatever key they choose; empty at first.</param>
    Delegate CreateGetter(DataViewRow input, DataViewSchema.Column source, IDictionary<object, object> shared);
}
